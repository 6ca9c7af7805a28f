/** The dashboard's stores, with the network, the storage and the clock as values. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApi } from "../../dashboard/src/api/api.ts";
import { type Answer, queryString } from "../../dashboard/src/api/call.ts";
import { type FeedHandlers, parseFeedMessage } from "../../dashboard/src/api/feed.ts";
import { createAction } from "../../dashboard/src/stores/action.ts";
import { createLive } from "../../dashboard/src/stores/live.ts";
import { createPolicyDraft } from "../../dashboard/src/stores/policy-draft.ts";
import { firstLanguage } from "../../dashboard/src/stores/preferences.ts";
import { createResource } from "../../dashboard/src/stores/resource.ts";
import { createSession, isTokenShaped, takeToken } from "../../dashboard/src/stores/session.ts";
import { aPolicy } from "./fixtures.ts";

function aStorage(): Storage {
  const map = new Map<string, string>();
  return {
    get length() {
      return map.size;
    },
    clear: () => map.clear(),
    key: () => null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

describe("the session", () => {
  test("the token is taken out of the address, and /login leads on to the start", () => {
    expect(takeToken({ hash: "#token=a.b.c", pathname: "/login", search: "" })).toEqual({
      token: "a.b.c",
      path: "/",
    });
    expect(takeToken({ hash: "#token=a.b.c", pathname: "/incidents", search: "?status=open" })?.path).toBe(
      "/incidents?status=open",
    );
  });

  test.each(["", "#main", "#token=", "#token=not a token"])("%j holds no token", (hash) => {
    expect(takeToken({ hash, pathname: "/", search: "" })).toBeNull();
  });

  test("a token is three parts", () => {
    expect(isTokenShaped("eyJ.eyJ.c2ln")).toBe(true);
    expect(isTokenShaped("eyJ.eyJ")).toBe(false);
  });

  test("a refused token is forgotten, with the reason kept for the sign-in page", () => {
    const storage = aStorage();
    const session = createSession(storage);
    session.signIn("a.b.c");
    expect(createSession(storage).token.value).toBe("a.b.c");
    session.refused("expired");
    expect(session.signedOut.value).toEqual({ because: "refused", message: "expired" });
    expect(createSession(storage).token.value).toBeNull();
    session.refused("a late answer");
    expect(session.signedOut.value).toEqual({ because: "refused", message: "expired" });
  });
});

describe("the language", () => {
  test.each([
    [null, ["fr-CA", "en"], "fr"],
    [null, ["de", "pt"], "en"],
    ["en", ["fr"], "en"],
    ["xx", ["de", "fr"], "fr"],
  ] as const)("stored %s, browser %j: %s", (stored, spoken, expected) => {
    expect(firstLanguage(stored, spoken)).toBe(expected);
  });
});

describe("the API client", () => {
  function anApi(answer: { status: number; body: string } | "down") {
    const refused: string[] = [];
    const requests: Request[] = [];
    const api = createApi({
      origin: "https://ops.example",
      token: () => "a.b.c",
      onUnauthorized: (message) => refused.push(message),
      fetch: async (input, init) => {
        requests.push(new Request(input, init));
        if (answer === "down") throw new TypeError("fetch failed");
        return new Response(answer.body, { status: answer.status });
      },
    });
    return { api, refused, requests };
  }
  const error = (code: string) => JSON.stringify({ error: { code, message: "why", request_id: "r1" } });

  test("sends the token, and JSON for a change", async () => {
    const { api, requests } = anApi({ status: 200, body: JSON.stringify(aPolicy()) });
    await api.kill({ engaged: true, reason: "stop" });
    const [request] = requests;
    expect([request?.method, request?.url]).toEqual(["POST", "https://ops.example/api/ops/policy/kill"]);
    expect(request?.headers.get("authorization")).toBe("Bearer a.b.c");
    expect(request?.headers.get("content-type")).toBe("application/json");
    expect(await request?.json()).toEqual({ engaged: true, reason: "stop" });
  });

  test("an answer that is not the contract's is named, not shown", async () => {
    const { api } = anApi({ status: 200, body: JSON.stringify({ ...aPolicy(), revision: "seven" }) });
    expect(await api.policy()).toEqual({
      ok: false,
      failure: { kind: "malformed", where: "/policy: revision" },
    });
  });

  test("no answer is a failure of its own", async () => {
    expect(await anApi("down").api.policy()).toEqual({ ok: false, failure: { kind: "unreachable" } });
  });

  test("401 ends the session with the reason", async () => {
    const { api, refused } = anApi({ status: 401, body: error("unauthorized") });
    expect(await api.me()).toEqual({ ok: false, failure: { kind: "unauthorized", message: "why" } });
    expect(refused).toEqual(["why"]);
  });

  test("403 says which roles would do", async () => {
    const { api } = anApi({ status: 403, body: error("forbidden") });
    expect(await api.kill({ engaged: true, reason: "stop" })).toEqual({
      ok: false,
      failure: { kind: "forbidden", message: "why", needs: ["operator", "approver", "admin"] },
    });
    expect(await api.kill({ engaged: false, reason: "go on" })).toEqual({
      ok: false,
      failure: { kind: "forbidden", message: "why", needs: ["approver", "admin"] },
    });
  });

  test("a proxy's HTML error page is still a refusal", async () => {
    const { api } = anApi({ status: 502, body: "<html>bad gateway</html>" });
    expect(await api.policy()).toMatchObject({
      ok: false,
      failure: { kind: "refused", status: 502, error: { message: "HTTP 502" } },
    });
  });

  test("a query holds only what is set", () => {
    expect(queryString({ status: "open", cursor: undefined, product: "" })).toBe("?status=open");
    expect(queryString({})).toBe("");
  });

  test("messages of the feed that it does not know are skipped", () => {
    expect(parseFeedMessage('{"type":"changed","topic":"plugins"}')).toEqual({
      type: "changed",
      topic: "plugins",
    });
    for (const text of ["pong", "{", '{"type":"other"}', '{"type":"changed","topic":"x"}']) {
      expect(parseFeedMessage(text)).toBeNull();
    }
  });
});

describe("a resource", () => {
  const ok = <T>(value: T): Answer<T> => ({ ok: true, value });

  test("keeps what it knows when a refetch fails", async () => {
    let answer: Answer<string> = ok("first");
    const resource = createResource(async () => answer);
    await resource.refetch();
    answer = { ok: false, failure: { kind: "unreachable" } };
    await resource.refetch();
    expect([resource.data.value, resource.failure.value]).toEqual(["first", { kind: "unreachable" }]);
  });

  test("drops an answer that a later one has overtaken", async () => {
    const pending: ((answer: Answer<string>) => void)[] = [];
    const resource = createResource(() => new Promise<Answer<string>>((resolve) => pending.push(resolve)));
    const first = resource.refetch();
    const second = resource.refetch();
    pending[1]?.(ok("new"));
    pending[0]?.(ok("old"));
    await Promise.all([first, second]);
    expect([resource.data.value, resource.loading.value]).toEqual(["new", false]);
  });

  test("what another answer told is not undone by a fetch begun before", async () => {
    let resolve: (answer: Answer<string>) => void = () => {};
    const resource = createResource(
      () =>
        new Promise<Answer<string>>((r) => {
          resolve = r;
        }),
    );
    const fetching = resource.refetch();
    resource.put("told");
    resolve(ok("old"));
    await fetching;
    expect(resource.data.value).toBe("told");
  });
});

describe("an action", () => {
  test("pressed twice runs once", async () => {
    let runs = 0;
    const action = createAction(
      async () => {
        runs += 1;
        return { ok: true, value: runs } as const;
      },
      () => {},
    );
    await Promise.all([action.run(), action.run()]);
    expect(runs).toBe(1);
    await action.run();
    expect(runs).toBe(2);
  });

  test("tells what was answered with the request, and forgets a failure when it is asked to", async () => {
    const failure = { kind: "unreachable" } as const;
    const done: unknown[] = [];
    const action = createAction(
      async (n: number) =>
        n > 0 ? ({ ok: true, value: n * 2 } as const) : ({ ok: false, failure } as const),
      (value, n) => done.push([n, value]),
    );
    await action.run(4);
    expect(done).toEqual([[4, 8]]);
    await action.run(0);
    expect(action.failure.value).toEqual(failure);
    action.forget();
    expect([action.failure.value, done.length]).toEqual([null, 1]);
  });
});

describe("the live feed", () => {
  let connections: { handlers: FeedHandlers; isClosed: boolean }[];
  let live: ReturnType<typeof createLive>;
  let told: (string[] | null)[];

  beforeEach(() => {
    vi.useFakeTimers();
    connections = [];
    told = [];
    live = createLive(
      (handlers) => {
        const connection = { handlers, isClosed: false };
        connections.push(connection);
        return () => {
          connection.isClosed = true;
        };
      },
      () => 1,
    );
    live.subscribe(["incidents", "attempts"], (ids) => told.push(ids && [...ids]));
    live.start();
  });
  afterEach(() => {
    live.stop();
    vi.useRealTimers();
  });

  test("tells a burst of changes once, with the ids, to whoever asked for the topic", () => {
    connections[0]?.handlers.opened();
    connections[0]?.handlers.message({ type: "changed", topic: "incidents", id: "a" });
    connections[0]?.handlers.message({ type: "changed", topic: "incidents", id: "b" });
    connections[0]?.handlers.message({ type: "changed", topic: "policy" });
    expect(told).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([["a", "b"]]);
  });

  test("one change without an id means that anything may have changed", () => {
    connections[0]?.handlers.message({ type: "changed", topic: "incidents", id: "a" });
    connections[0]?.handlers.message({ type: "changed", topic: "incidents" });
    connections[0]?.handlers.message({ type: "changed", topic: "incidents", id: "b" });
    vi.advanceTimersByTime(200);
    expect(told).toEqual([null]);
  });

  test("reconnects with growing pauses, polls meanwhile, and catches up when it is back", () => {
    connections[0]?.handlers.opened();
    connections[0]?.handlers.closed();
    expect(live.state.value).toBe("reconnecting");
    vi.advanceTimersByTime(500);
    connections[1]?.handlers.closed();
    vi.advanceTimersByTime(999);
    expect(connections).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(connections).toHaveLength(3);
    vi.advanceTimersByTime(15_000);
    expect(told).toEqual([null]);
    connections[2]?.handlers.opened();
    expect([live.state.value, told]).toEqual(["live", [null, null]]);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });

  test("a nudge does not wait for the pause to end", () => {
    connections[0]?.handlers.closed();
    live.nudge();
    expect(connections).toHaveLength(2);
  });

  test("stopped, it closes, and neither polls nor comes back", () => {
    connections[0]?.handlers.opened();
    live.stop();
    expect(connections[0]?.isClosed).toBe(true);
    connections[0]?.handlers.closed();
    vi.advanceTimersByTime(120_000);
    expect([live.state.value, connections.length, told]).toEqual(["off", 1, []]);
  });
});

describe("a policy draft", () => {
  const start = aPolicy();
  const other = aPolicy({ revision: 8, document: { ...start.document, mode: "off" } });

  test("untouched, it follows the policy in force", () => {
    const draft = createPolicyDraft(start);
    draft.seen(other);
    expect([draft.document.value.mode, draft.isStale.value]).toEqual(["off", false]);
  });

  test("edited, it notes a newer revision and waits for the person", () => {
    const draft = createPolicyDraft(start);
    draft.edit({ min_confidence: 0.8 });
    draft.seen(other);
    expect([draft.document.value.mode, draft.isStale.value]).toEqual(["auto", true]);
    expect(draft.theirs.value.map((c) => c.path.join("."))).toEqual(["mode"]);
    draft.keepMine();
    expect(draft.document.value).toEqual({ ...other.document, min_confidence: 0.8 });
    expect([draft.isStale.value, draft.basis.value.revision]).toEqual([false, 8]);
  });

  test("names what both changed, and gives way when asked to", () => {
    const draft = createPolicyDraft(start);
    draft.edit({ mode: "approve-only" });
    draft.seen(other);
    expect(draft.contested.value.map((c) => c.path.join("."))).toEqual(["mode"]);
    draft.takeTheirs();
    expect([draft.document.value.mode, draft.mine.value]).toEqual(["off", []]);
  });

  test("an older answer that comes late changes nothing", () => {
    const draft = createPolicyDraft(other);
    draft.seen(start);
    expect(draft.basis.value.revision).toBe(8);
  });
});
