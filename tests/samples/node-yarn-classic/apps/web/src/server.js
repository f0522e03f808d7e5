import { createServer } from "node:http";

import { greeting } from "@shop/greeting";
import ms from "ms";

createServer((_, answer) => answer.end(`${greeting}, ${ms(60000)}`)).listen(process.env.PORT);
