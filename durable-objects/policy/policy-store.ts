/** Storage of the policy: one value, read through the contract so that a value of an older version gains new defaults. */
import { Policy } from "../../src/contract/policy.ts";

const POLICY_KEY = "policy";

export class PolicyStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** The stored policy; null in an object that has never been used. */
  load(): Policy | null {
    const stored = this.#kv.get(POLICY_KEY);
    return stored === undefined ? null : Policy.parse(stored);
  }

  save(policy: Policy): void {
    this.#kv.put(POLICY_KEY, policy);
  }
}
