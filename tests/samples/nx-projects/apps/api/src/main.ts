import { greeting } from "@shop/greeting";
import express from "express";

const app = express();
app.get("/", (_request, response) => void response.send(greeting));
app.listen(Number(process.env.PORT), "0.0.0.0");
