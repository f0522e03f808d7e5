import ms from "ms";

Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "0.0.0.0" }, () => {
  return new Response(`Hello from Deno, ${ms(60_000)}`);
});
