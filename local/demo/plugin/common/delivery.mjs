/** Sends each order to the merchant's receiver as a signed webhook. */
import { post } from "./post.mjs";

/** @returns {(order: object, settings: object) => Promise<void>} rejects with DeliveryRefused when refused or too late */
export function createDelivery() {
  return (order, settings) => post("order.created", order, settings);
}
