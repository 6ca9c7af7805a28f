import { expect, it } from "vitest";
import { environmentClass } from "../../src/core/environment-class.ts";

it.each([
  [
    "platform and runtime by major and minor version",
    { platform: "WooCommerce", platform_version: "9.1.4", runtime: "PHP", runtime_version: "8.2.11-fpm" },
    "woocommerce 9.1 / php 8.2",
  ],
  [
    "whatever else a shop says of itself",
    {
      platform: "prestashop",
      platform_version: "8.1.0",
      runtime: "php",
      runtime_version: "8.1",
      region: "eu",
    },
    "prestashop 8.1 / php 8.1",
  ],
  ["a version without minor", { platform: "magento", platform_version: "v2" }, "magento 2 / ?"],
  ["a name without version", { runtime: "node" }, "? / node ?"],
  ["no name, whatever the version", { platform_version: "9.1" }, "unknown"],
  ["nothing", {}, "unknown"],
])("classes shops by %s", (_, env, expected) => {
  expect(environmentClass(env)).toBe(expected);
});

it("stays within its bound for the longest texts", () => {
  const long = { platform: "x".repeat(64), platform_version: "9".repeat(64), runtime: "y".repeat(64) };
  expect(environmentClass({ ...long, runtime_version: "8.".repeat(32) }).length).toBeLessThanOrEqual(160);
});
