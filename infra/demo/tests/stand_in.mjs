#!/usr/bin/env node
// Takes the place of `marquee` and `stripe-sim` beside the supervisor under test: as little as the supervisor can see
// of them. It answers on its addresses, and its seed reports a house.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";

const [command, ...rest] = process.argv.slice(2);
const option = (name) => process.argv[process.argv.indexOf(name) + 1];

function serve(addresses) {
  for (const address of addresses.split(",")) {
    const { hostname, port } = new URL(`http://${address}`);
    createServer((_, answer) => answer.end("here")).listen(Number(port), hostname.replace(/[[\]]/g, ""));
  }
}

process.on("SIGTERM", () => process.exit(0));
if (command === "demo-seed") {
  console.log("a house of one seat");
  const tenants = { riverside: { id: "1", host: "riverside.localhost", performances: { seated: "2" } } };
  const house = { platform: { host: "platform.localhost" }, tenants, show: { ticket_code: "CODE" } };
  writeFileSync(rest[1], JSON.stringify(house));
} else if (command === "serve" || command === "worker") {
  serve(process.env.MARQUEE_BIND);
  serve(process.env.MARQUEE_METRICS_BIND);
} else if (command !== "migrate") {
  serve(option("--bind"));
}
