/** What people think of an incident afterwards. Votes change nothing in the shop; they are kept, one for each person. */
import type { ManualAction, Person } from "../../contract/ops.ts";
import { ok, type Result, refuse } from "../../contract/refusal.ts";
import { type Draft, incidentById, note } from "./draft.ts";
import { type IncidentState, iso, type PluginState } from "./state.ts";

type Vote = Extract<ManualAction, { action: "vote" }>;

/** Also about an incident that is closed: null when it is no longer remembered here. Refuses `not_found`. */
export function onVote(
  draft: Draft,
  incidentId: string,
  action: Vote,
  person: Person,
): Result<IncidentState | null> {
  const { state } = draft;
  if (!wasOpened(state, incidentId)) return refuse({ reason: "not_found", message: "no such incident" });
  const revision = (state.numbers.vote ?? 0) + 1;
  state.numbers.vote = revision;
  const at = iso(draft.now);
  const { vote, reason } = action;
  draft.outbox.push(
    {
      to: "ledger",
      record: {
        kind: "vote",
        row: { incident_id: incidentId, plugin_id: state.id, person: person.id, revision, vote, reason, at },
      },
    },
    {
      to: "ledger",
      record: {
        kind: "audit",
        row: {
          id: `${incidentId}.vote.${revision}`,
          stream: `plugin/${state.id}`,
          at,
          actor: person.id,
          action: "incident.vote",
          subject: incidentId,
          data: { ...action },
        },
      },
    },
  );
  const incident = incidentById(state, incidentId) ?? rememberedIncident(state, incidentId);
  // Of one that is forgotten the fault is not known here; the ledger knows it, and a rebuild learns of it there.
  if (incident) {
    const { product } = state;
    const { signature } = incident.row;
    draft.outbox.push({
      to: "sira_vote",
      vote: {
        incident_id: incidentId,
        plugin_id: state.id,
        product,
        signature,
        person: person.id,
        revision,
        vote,
        at,
      },
    });
    note(draft, incident, {
      kind: "vote",
      text: `${person.name} (${vote.replaceAll("_", " ")}): ${reason}`,
      actor: person.id,
      data: { vote },
    });
  }
  return ok(incident);
}

/** A closed one that could still return, or be opened again when its fix is taken back. */
export function rememberedIncident(state: PluginState, id: string): IncidentState | null {
  const closed = state.closed?.find(({ incident }) => incident.row.id === id)?.incident;
  return closed ?? state.inPlace?.find(({ incident }) => incident?.row.id === id)?.incident ?? null;
}

/** Incidents are numbered without gaps, so its number says whether there ever was one. */
export function wasOpened(state: PluginState, incidentId: string): boolean {
  const number = Number(incidentId.split("_").at(-1));
  return number >= 1 && number <= state.numbers.incident;
}
