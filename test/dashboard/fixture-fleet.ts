/** The fixture's answers about rollouts, the guard, emergency actions, notices and dry runs; null for any other path. */
import { BacktestReply, BacktestRequest } from "../../src/contract/backtest.ts";
import {
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyList,
  EmergencyQuery,
  RollbackSinceRequest,
} from "../../src/contract/emergency.ts";
import { Floor, FloorReply, FloorRequest } from "../../src/contract/floor.ts";
import { Guard, KillPreview, RestoreAutonomyRequest } from "../../src/contract/guard.ts";
import {
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotificationPage,
} from "../../src/contract/notification.ts";
import { PublishRemedyRequest, Remedy } from "../../src/contract/remedy.ts";
import { RevertReply, RevertRequest } from "../../src/contract/revert.ts";
import {
  HoldReply,
  HoldRequest,
  PlanReply,
  RemedyList,
  RolloutDetail,
  RolloutState,
} from "../../src/contract/rollout.ts";
import { PlanRequest } from "../../src/contract/rollout-plan.ts";
import { ShadowPage, ShadowQuery } from "../../src/contract/shadow.ts";
import { aBacktestReply, aKillPreview, aShadowDecision } from "./judging-fixtures.ts";
import {
  aHoldReply,
  aPlanReply,
  aRemedy,
  aRevertReply,
  aRollout,
  aRolloutDetail,
} from "./rollout-fixtures.ts";
import { aGuard, aMerchant, aNotice, anEmergency, anEmergencyDetail } from "./safety-fixtures.ts";
import { HOSTILE } from "./scene.ts";

export interface FleetFixture {
  guard: Guard;
  emergencies: Emergency[];
  remedies: Remedy[];
  /** The taking-back that a release page shows. */
  revert: RolloutDetail["revert"];
  floor: Floor;
}

export function aFleetFixture(now: number): FleetFixture {
  return {
    guard: aGuard(),
    emergencies: [anEmergency(now, HOSTILE)],
    remedies: [aRemedy()],
    revert: aRolloutDetail(HOSTILE).revert,
    floor: { product: "molam-woo", version: null, standing: null },
  };
}

export function readFleet(path: string, query: URLSearchParams, state: FleetFixture): unknown {
  if (path === "/policy/kill") return KillPreview.parse(aKillPreview());
  if (path === "/shadow-decisions") return readShadow(ShadowQuery.parse(Object.fromEntries(query)));
  if (path.endsWith("/floor")) return Floor.parse(state.floor);
  if (path === "/guard") return Guard.parse(state.guard);
  if (path === "/emergency") return EmergencyList.parse({ items: state.emergencies });
  const emergency = state.emergencies.find(({ id }) => path === `/emergency/${id}`);
  if (emergency) {
    const wanted = EmergencyQuery.parse(Object.fromEntries(query));
    return EmergencyDetail.parse(anEmergencyDetail(emergency, HOSTILE, wanted));
  }
  if (path === "/remedies") return RemedyList.parse({ items: state.remedies });
  if (path.endsWith("/rollout"))
    return RolloutDetail.parse(aRolloutDetail(HOSTILE, { revert: state.revert }));
  if (path === "/notifications")
    return NotificationPage.parse({
      items: [aNotice(), aNotice({ id: "ntf_2", incident_id: null, audience: "ops", text: HOSTILE })],
      next_cursor: null,
    });
  return path.startsWith("/merchants/") ? MerchantNotifications.parse(aMerchant()) : null;
}

function readShadow({ would, product, cursor }: ShadowQuery): ShadowPage {
  const over = { would: "forbid", outcome: "same_fix", outcome_text: HOSTILE, why: HOSTILE } as const;
  const all = [
    aShadowDecision(HOSTILE),
    aShadowDecision(HOSTILE, { ...over, id: "shd_2", action: "config", target_version: null }),
  ];
  const items = all.filter(
    (one) => one.would === (would ?? one.would) && one.product === (product ?? one.product),
  );
  return ShadowPage.parse({ items, next_cursor: cursor === undefined ? "page-2" : null });
}

export function changeFleet(method: string, path: string, body: unknown, state: FleetFixture): unknown {
  const [, room = "", id = "", verb = ""] = path.split("/");
  if (path === "/autonomy/restore") {
    RestoreAutonomyRequest.parse(body);
    state.guard = { ...state.guard, autonomy: { ...state.guard.autonomy, state: "normal" } };
    return Guard.parse(state.guard);
  }
  if (path === "/policy/backtest") {
    const { days } = BacktestRequest.parse(body);
    return BacktestReply.parse(aBacktestReply(HOSTILE, { days }));
  }
  if (path.endsWith("/floor")) {
    const { version, reason, dry_run = false } = FloorRequest.parse(body);
    const isHigh = version !== null && version > "1.2.3";
    const reach = { shut: isHigh ? ["1.2.3"] : [], left: isHigh ? [] : ["1.2.3"], notes: [] };
    if (!dry_run)
      state.floor = {
        ...state.floor,
        version,
        standing: { by: "amina", at: new Date().toISOString(), reason },
      };
    return FloorReply.parse({ ...state.floor, dry_run, ...reach });
  }
  if (room === "emergency") return changeEmergency(id, verb, body, state);
  if (path === "/remedies") {
    const remedy = aRemedy({ ...PublishRemedyRequest.parse(body), id: "rmd_BBBBBBBBBBBBBBBB" });
    state.remedies = [...state.remedies, remedy];
    return Remedy.parse(remedy);
  }
  if (room === "remedies") return Remedy.parse(aRemedy({ status: "paused" }));
  if (path.endsWith("/rollout") && method === "PUT") {
    const { dry_run } = PlanRequest.parse(body);
    return PlanReply.parse(aPlanReply({ planned: !dry_run }));
  }
  if (path.endsWith("/rollout")) return RolloutState.parse(aRollout());
  if (path.endsWith("/holds")) {
    return HoldReply.parse(aHoldReply(HoldRequest.parse(body)));
  }
  if (path.endsWith("/revert")) return RevertReply.parse(aRevertReply(RevertRequest.parse(body).dry_run));
  if (room === "merchants") {
    const { url: _sealed, secret: _secret, reason: _reason, ...shown } = MerchantNotificationsPut.parse(body);
    return MerchantNotificationsReply.parse({ ...aMerchant(shown), secret: `whsec_${"A".repeat(32)}` });
  }
  return null;
}

function changeEmergency(id: string, verb: string, body: unknown, state: FleetFixture): Emergency {
  const [before] = state.emergencies;
  if (before === undefined) throw new Error("the fixture has an emergency action");
  const replace = (next: Emergency) => {
    state.emergencies = [next, ...state.emergencies.filter((one) => one.id !== next.id)];
    return Emergency.parse(next);
  };
  if (verb === "confirm") {
    ConfirmEmergencyRequest.parse(body);
    return replace({ ...before, status: "running", confirmed_by: "amina", confirmed_at: before.planned_at });
  }
  if (verb === "abort") return replace({ ...before, status: "aborted" });
  if (id === "cancel-pending") {
    const { reason } = CancelPendingRequest.parse(body);
    return replace({ ...before, id: "emg_2", kind: "cancel_pending", minutes: null, reason });
  }
  const { reason, minutes } = RollbackSinceRequest.parse(body);
  return replace({ ...before, id: "emg_3", minutes, reason });
}
