import fc from "fast-check";
import { expect, it } from "vitest";
import { storableText } from "../../src/core/storable-text.ts";

it("keeps ordinary text, accents included", () => {
  expect(storableText("fp:v1:Échec réseau", 64)).toBe("fp:v1:Échec réseau");
});

it("replaces what JSON would lengthen and what a screen would obey", () => {
  expect(storableText('a"b\\c\u0000\n\u001b[31m\u202e', 64)).toBe("a_b_c___[31m_");
});

it("never grows in JSON, whatever a plugin sends", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ maxLength: 200 }), (a, b) =>
      [a, b, `${"x".repeat(63)}\u{1f600}`, "\ud800"].every(
        (text) => JSON.stringify(storableText(text, 64)).length <= 66,
      ),
    ),
  );
});
