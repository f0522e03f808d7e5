const { createServer } = require("node:http");
const ms = require("ms");

createServer((_, answer) => answer.end(`Hello from Yarn, ${ms(60000)}`)).listen(process.env.PORT);
