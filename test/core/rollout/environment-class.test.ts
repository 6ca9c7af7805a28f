import { describe, expect, it } from "vitest";
import { environmentClass } from "../../../src/core/rollout/environment-class.ts";

describe("environment class", () => {
  it.each<[string, Record<string, string>, string]>([
    [
      "keeps platform and runtime to the minor version",
      {
        platform: "woocommerce",
        platform_version: "9.1.4",
        runtime: "php",
        runtime_version: "8.2.27",
        region: "fr",
      },
      "woocommerce 9.1 / php 8.2",
    ],
    [
      "takes a version with a letter before it",
      { platform: "magento", platform_version: "v2.4.7" },
      "magento 2.4",
    ],
    ["leaves out a version that is none", { platform: "shopify", platform_version: "latest" }, "shopify"],
    ["leaves out what is not reported", { runtime: "node", runtime_version: "24" }, "node 24"],
    ["says unknown when nothing is reported", { region: "fr" }, "unknown"],
    [
      "lets nothing through that could be taken for a separator",
      { platform: "Woo|Commerce / x\n", platform_version: "9" },
      "woo-commerce-x- 9",
    ],
  ])("%s", (_, env, expected) => {
    expect(environmentClass(env)).toBe(expected);
  });

  it("is bounded", () => {
    const long = "x".repeat(64);
    const name = environmentClass({ platform: long, platform_version: "1".repeat(64), runtime: long });
    expect(name.length).toBeLessThanOrEqual(80);
  });
});
