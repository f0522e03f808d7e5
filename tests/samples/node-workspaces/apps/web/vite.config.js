import { greeting } from "@shop/greeting";

const title = { name: "title", transformIndexHtml: (html) => html.replace("%title%", greeting) };

export default { plugins: [title], build: { outDir: "out" } };
