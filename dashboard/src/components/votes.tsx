/** Was it worth anybody's while? One vote for each person, also after the incident is closed; the latest counts. */
import { useSignal } from "@preact/signals";
import type { Incident, IncidentVote } from "../../../src/contract/incident.ts";
import { useApp } from "../stores/context.ts";
import { voteCounts } from "../view/quiet.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import { Time } from "./time.tsx";

interface VotesProps {
  incident: Incident;
  votes: readonly IncidentVote[];
  onChanged: () => void;
}

export function Votes({ incident, votes, onChanged }: VotesProps) {
  const { api, t } = useApp();
  const chosen = useSignal<IncidentVote["vote"] | null>(null);
  const asked = chosen.value;
  return (
    <section class="card" aria-labelledby="votes">
      <h2 id="votes">{t("votes.title")}</h2>
      <div class="toolbar">
        {voteCounts(votes).map(({ vote, n }) => (
          <button
            key={vote}
            type="button"
            class="button"
            aria-haspopup="dialog"
            data-testid={`vote-${vote}`}
            onClick={() => {
              chosen.value = vote;
            }}
          >
            {t(`vote.${vote}`)} ({n})
          </button>
        ))}
      </div>
      <ul class="plain">
        {votes.map((vote) => (
          <li key={vote.person}>
            <span class="chip">{t(`vote.${vote.vote}`)}</span>{" "}
            <span class="untrusted">
              {vote.person}: {vote.reason}
            </span>{" "}
            <Time at={vote.at} compact />
          </li>
        ))}
      </ul>
      {asked && (
        <ReasonDialog
          key={asked}
          title={t(`vote.${asked}`)}
          hint={t(`voteHint.${asked}`)}
          submit={t("votes.send")}
          testId="vote-confirm"
          send={(reason) => api.act(incident.id, { action: "vote", vote: asked, reason })}
          onDone={onChanged}
          onClose={() => {
            chosen.value = null;
          }}
        />
      )}
    </section>
  );
}
