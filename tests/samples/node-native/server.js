// Two that are compiled, one of them against libraries of the distribution, and one that brings its own.
const http = require("node:http");
const bcrypt = require("bcrypt");
const { createCanvas } = require("canvas");
const sharp = require("sharp");

async function greeting() {
  const canvas = createCanvas(40, 20);
  canvas.getContext("2d").fillText("Slipway", 0, 10);
  const turned = sharp(canvas.toBuffer("image/png")).rotate(90).webp();
  const { width, height, format } = (await turned.toBuffer({ resolveWithObject: true })).info;
  const isKept = await bcrypt.compare("secret", await bcrypt.hash("secret", 4));
  return `Hello from ${width} x ${height} of ${format}, ${isKept ? "hashed" : "broken"}`;
}

http
  .createServer(async (_, response) => response.end(await greeting()))
  .listen(Number(process.env.PORT), "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
