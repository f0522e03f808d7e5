GREETING = "Hello from a workspace of uv"
