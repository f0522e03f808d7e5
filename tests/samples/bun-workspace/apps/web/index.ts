import { greeting } from "@shop/greeting";
import ms from "ms";

Bun.serve({
  port: Number(process.env.PORT),
  hostname: "0.0.0.0",
  fetch: () => new Response(`${greeting}, ${ms(60_000)}`),
});

process.on("SIGTERM", () => process.exit(0));
