const port = Number(Deno.env.get("PORT"));
const handler: Deno.ServeHandler = () => new Response("Hello from a Deno script");

Deno.serve({ port, hostname: "0.0.0.0" }, handler);
