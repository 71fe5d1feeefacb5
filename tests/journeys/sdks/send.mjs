// What an app does with npm's @segment/analytics-node; settings come from the environment.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MODULES}/`);
const { Analytics } = require("@segment/analytics-node");

const analytics = new Analytics({
  writeKey: process.env.WRITE_KEY,
  host: process.env.HOST,
  flushAt: 4,
  flushInterval: 100,
  maxRetries: 10,
});
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

const userId = process.env.USER_ID;
analytics.identify({ userId, traits: { style: "organic" } });
analytics.alias({ userId, previousId: `${userId}-before` });
analytics.group({ userId, groupId: "family", traits: { size: 3 } });
analytics.page({ userId, name: "Home" });
analytics.screen({ userId, name: "Cart" });
for (const sku of ["milk", "bread", "milk"]) {
  analytics.track({ userId, event: "Product Viewed", properties: { sku } });
}
for (let n = 0; n < 2; n++) {
  analytics.track({ userId, event: "Product Shared", messageId: `${userId}-shared` });
}
await analytics.closeAndFlush({ timeout: 60_000 });
