/** Pure: severities by rank. */
import { SEVERITIES, type Severity } from "../contract/ids.ts";

export function isGraver(a: Severity, than: Severity): boolean {
  return SEVERITIES.indexOf(a) > SEVERITIES.indexOf(than);
}

/** Too grave to be left alone: something is done, or a person is asked at once. */
export function isGrave(severity: Severity): boolean {
  return isGraver(severity, "medium");
}
