const http = require("node:http");
const ms = require("ms");

const server = http.createServer((request, response) => response.end(`Hello from Node, ${ms(60000)}`));
server.listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
