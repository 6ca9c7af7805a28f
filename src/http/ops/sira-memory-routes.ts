/** The built-in decision service's memory, built anew from the records. */
import { Hono } from "hono";
import { siraOf } from "../../../durable-objects/stubs.ts";
import { ProductName } from "../../contract/ids.ts";
import type { RebuildPage, SiraRpc } from "../../contract/rpc/sira.ts";
import { RebuildRequest } from "../../contract/sira-memory.ts";
import { lessonsPage, type Page, votesPage } from "../../postgres/queries.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpResult, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const PAGE_ROWS = 1000;
/** Two requests a page: within the thousand that the platform grants to one. */
const MAX_PAGES = 450;

export const siraMemoryRoutes = new Hono<AppEnv>().post(
  "/:product/rebuild",
  allow("POST /api/ops/sira/:product/rebuild"),
  async (c) => {
    const product = ProductName.safeParse(c.req.param("product"));
    if (!product.success) return refusalResponse(c, { reason: "not_found", message: "no such product" });
    const input = await readJson(c, RebuildRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const sira = siraOf(c.env, product.data);
    const rebuild = await sira.beginRebuild();
    const read = await readAll(c, product.data, (page) => sira.rebuildPage(rebuild, page));
    if (!read.ok) return refusalResponse(c, read.refusal);
    return resultResponse(c, await sira.finishRebuild(rebuild, input.value, c.var.person));
  },
);

type Take = (page: RebuildPage) => ReturnType<SiraRpc["rebuildPage"]>;

async function readAll(c: AppContext, product: string, take: Take): Promise<HttpResult<null>> {
  let pages = 0;
  const every = async <Row>(
    read: (after: string[] | null) => Promise<HttpResult<Page<Row>>>,
    toPage: (rows: Row[]) => RebuildPage,
  ): Promise<HttpResult<null>> => {
    let after: string[] | null = null;
    do {
      if (++pages > MAX_PAGES) return { ok: false, refusal: { reason: "conflict", message: TOO_MANY } };
      const page: HttpResult<Page<Row>> = await read(after);
      if (!page.ok) return page;
      const taken = await take(toPage(page.value.rows));
      if (!taken.ok) return taken;
      after = page.value.next;
    } while (after !== null);
    return { ok: true, value: null };
  };
  const lessons = await every(
    (after) => readLedger(c, (db) => lessonsPage(db, product, after, PAGE_ROWS)),
    (feedback) => ({ feedback, votes: [] }),
  );
  if (!lessons.ok) return lessons;
  return every(
    (after) => readLedger(c, (db) => votesPage(db, product, after, PAGE_ROWS)),
    (votes) => ({ feedback: [], votes }),
  );
}

const TOO_MANY = `more than ${MAX_PAGES * PAGE_ROWS} lessons and votes are on record: nothing was changed`;
