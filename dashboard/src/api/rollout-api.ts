/** The API's routes about releases, remedies and their rollouts. */

import { Floor, FloorReply, type FloorRequest } from "../../../src/contract/floor.ts";
import { ReleaseList, ReleaseRecord } from "../../../src/contract/ops.ts";
import type { ReleaseStatus, SeenStanding } from "../../../src/contract/release.ts";
import { type PublishRemedyRequest, Remedy } from "../../../src/contract/remedy.ts";
import { RevertReply, type RevertRequest } from "../../../src/contract/revert.ts";
import {
  HoldReply,
  type HoldRequest,
  PlanReply,
  RemedyList,
  RolloutDetail,
  RolloutState,
} from "../../../src/contract/rollout.ts";
import type { CancelPlanRequest, PlanRequest } from "../../../src/contract/rollout-plan.ts";
import { NEEDED_ROLES, rolesToHold, rolesToMove } from "../view/needed-roles.ts";
import { isRemedy, type Subject } from "../view/rollout.ts";
import { type Answer, type Call, type Query, queryString } from "./call.ts";

const RELEASE = "POST /api/ops/releases/:product/:version";

/** @param call sends one request below `/api/ops` */
export function rolloutApi(call: Call) {
  return {
    releases: (query: Query) => call(ReleaseList, `/releases${queryString(query)}`),
    remedies: (query: Query) => call(RemedyList, `/remedies${queryString(query)}`),
    publishRemedy: (body: PublishRemedyRequest) =>
      call(Remedy, "/remedies", { method: "POST", body, needs: NEEDED_ROLES["POST /api/ops/remedies"] }),
    rollout: (subject: Subject) => call(RolloutDetail, `${pathOf(subject)}/rollout`),
    /** `from`: the status that whoever asks for another one saw. */
    setSubjectStatus: (
      subject: Subject,
      body: SeenStanding & { from: ReleaseStatus; status: ReleaseStatus; reason: string },
    ): Promise<Answer<ReleaseRecord | Remedy>> =>
      isRemedy(subject)
        ? call(Remedy, `/remedies/${encodeURIComponent(subject.product)}/${subject.key}/status`, {
            method: "POST",
            body,
            needs: rolesToMove(body.from, body.status),
          })
        : call(ReleaseRecord, `${pathOf(subject)}/status`, {
            method: "POST",
            body,
            needs: rolesToMove(body.from, body.status),
          }),
    hold: (subject: Subject, body: HoldRequest) =>
      call(HoldReply, `${pathOf(subject)}/holds`, {
        method: "POST",
        body,
        needs: rolesToHold(body.held),
      }),
    planRollout: (subject: Subject, body: PlanRequest) =>
      call(PlanReply, `${pathOf(subject)}/rollout`, {
        method: "PUT",
        body,
        needs: NEEDED_ROLES["PUT /api/ops/releases/:product/:version/rollout"],
      }),
    cancelPlan: (subject: Subject, body: CancelPlanRequest) =>
      call(RolloutState, `${pathOf(subject)}/rollout`, {
        method: "DELETE",
        body,
        needs: NEEDED_ROLES["DELETE /api/ops/releases/:product/:version/rollout"],
      }),
    revertRelease: (subject: Subject, body: RevertRequest) =>
      call(RevertReply, `${pathOf(subject)}/revert`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES[`${RELEASE}/revert`],
      }),
    floor: (product: string) => call(Floor, floorPath(product)),
    setFloor: (product: string, body: FloorRequest) =>
      call(FloorReply, floorPath(product), {
        method: "PUT",
        body,
        needs: NEEDED_ROLES["PUT /api/ops/releases/:product/floor"],
      }),
  };
}

function floorPath(product: string): string {
  return `/releases/${encodeURIComponent(product)}/floor`;
}

function pathOf({ product, key }: Subject): string {
  return `/releases/${encodeURIComponent(product)}/${encodeURIComponent(key)}`;
}
