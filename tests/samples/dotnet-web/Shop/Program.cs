var app = WebApplication.Create(args);

app.MapGet("/", () => "Hello from .NET");
app.Run();
