/** One signed POST to the receiver. */
import { randomUUID } from "node:crypto";
import { sign } from "./signing.mjs";

export class DeliveryRefused extends Error {
  name = "DeliveryRefused";
}

export async function post(type, data, settings) {
  const id = `msg_${randomUUID().replaceAll("-", "")}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ type, timestamp: new Date(timestamp * 1000).toISOString(), data });
  let status;
  try {
    const response = await fetch(settings.receiver_url, {
      method: "POST",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": sign(settings.receiver_secret, id, timestamp, body),
      },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(settings.webhook_timeout_ms),
    });
    await response.arrayBuffer();
    status = response.status;
  } catch (error) {
    throw new DeliveryRefused(`receiver did not answer: ${error.message}`);
  }
  if (status < 200 || status > 299) throw new DeliveryRefused(`receiver answered ${status}`);
}
