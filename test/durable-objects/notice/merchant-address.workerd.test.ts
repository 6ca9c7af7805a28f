import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { MerchantNotificationsPut } from "../../../src/contract/notification.ts";
import type { NoticeRpc } from "../../../src/contract/rpc/notice.ts";
import { newSecret } from "../../../src/crypto/webhook-signature.ts";
import { openDestination } from "../../../src/services/notify-address.ts";
import { vault } from "../../../src/settings.ts";
import { bindings } from "../bindings.ts";

const OTTO = { id: "otto", name: "Otto", roles: ["operator" as const] };
const address: MerchantNotificationsPut = {
  url: "https://merchant.example.com/hook",
  language: "fr",
  format: "vigie",
  reason: "asked for it",
};

it("a merchant's new secret is not undone by a change of its address at the same moment", async () => {
  const given = newSecret().text;
  const url = "https://other.example.com/hook";
  const sealed = await runInDurableObject(
    bindings.NOTICES.getByName("two-at-once"),
    async (object, state) => {
      const desk = object as unknown as NoticeRpc;
      await desk.setMerchant("m1", address, OTTO);
      await Promise.all([
        desk.setMerchant("m1", { ...address, secret: given }, OTTO),
        desk.setMerchant("m1", { ...address, url }, OTTO),
      ]);
      const { row } = state.storage.sql.exec<{ row: string }>("SELECT row FROM merchants").one();
      return (JSON.parse(row) as { sealed: string }).sealed;
    },
  );
  expect(await openDestination(vault(env as { VAULT_KEY: string }), "m1", sealed)).toEqual({
    url,
    secret: given,
  });
});
