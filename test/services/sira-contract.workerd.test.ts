/** The built-in service behind the Worker's own routes, with its real object. */
import { createApp } from "../../src/http/app.ts";
import { bindings } from "../durable-objects/bindings.ts";
import { siraContract } from "./sira-contract.ts";

const app = createApp();

const token = bindings.SIRA_INBOUND_TOKEN;
if (!token) throw new Error("the routes are closed: no SIRA_INBOUND_TOKEN");

siraContract("the built-in service", async () => ({
  token,
  async post(path, body, headers) {
    const init = { method: "POST", headers, body };
    const response = await app.request(`https://vigie.test${path}`, init, {
      ...bindings,
      LOG_LEVEL: "silent",
    });
    return { status: response.status, text: await response.text() };
  },
}));
