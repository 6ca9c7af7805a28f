import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { environmentClass, readEnvironmentClass } from "../../../src/core/rollout/environment-class.ts";

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

describe("a class as a person writes it", () => {
  it.each([
    ["woocommerce 9.1 / php 8.2", "woocommerce 9.1 / php 8.2"],
    ["WooCommerce 9.1 / PHP 8.2.1", "woocommerce 9.1 / php 8.2"],
    [" woocommerce  v9.1.4/php 8.2-beta.1 ", "woocommerce 9.1 / php 8.2"],
    ["woocommerce 9.1, php 8.2", "woocommerce 9.1 / php 8.2"],
    ["Woo Commerce 9", "woo-commerce 9"],
    ["shopify", "shopify"],
    ["unknown", "unknown"],
  ])("%s", (text, environment) => {
    expect(readEnvironmentClass(text)).toBe(environment);
  });

  it.each(["", " / php 8.2", "woocommerce 9.1 /", "a / b / c", "php 8.x", "php 8.*", "php >=8.2", "php *"])(
    "is none, and no shop could be in it: %s",
    (text) => {
      expect(readEnvironmentClass(text)).toBeNull();
    },
  );

  it("reads every class that a shop can be in as that class", () => {
    const text = fc.option(fc.string({ maxLength: 64 }), { nil: undefined });
    const version = fc.option(
      fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^v?\d{1,6}(\.\d{1,6}){0,2}$/)),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(
        fc.record({ platform: text, platform_version: version, runtime: text, runtime_version: version }),
        (env) => {
          const known = Object.entries(env).filter(([, value]) => value !== undefined);
          const environment = environmentClass(Object.fromEntries(known) as Record<string, string>);
          expect(readEnvironmentClass(environment)).toBe(environment);
        },
      ),
    );
  });
});
