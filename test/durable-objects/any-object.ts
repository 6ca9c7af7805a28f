/** A fresh object of some class, for tests that need real object storage and nothing else. */
import { bindings } from "./bindings.ts";

let count = 0;

export function anyObject() {
  count += 1;
  return bindings.FEED.getByName(`storage-only-${count}`);
}
