/** Was it worth anybody's while? One vote for each person, also after the incident is closed; the latest counts. */
import { useSignal } from "@preact/signals";
import type { Incident, IncidentVote } from "../../../src/contract/incident.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";
import { useAction, useApp } from "../stores/context.ts";
import { voteCounts } from "../view/quiet.ts";
import { Dialog } from "./dialog.tsx";
import { ReasonForm } from "./reason-form.tsx";
import { Time } from "./time.tsx";

interface VotesProps {
  incident: Incident;
  votes: readonly IncidentVote[];
  onChanged: () => void;
}

export function Votes({ incident, votes, onChanged }: VotesProps) {
  const { t } = useApp();
  const chosen = useSignal<IncidentVote["vote"] | null>(null);
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
      {chosen.value && (
        <VoteDialog
          key={chosen.value}
          vote={chosen.value}
          incident={incident}
          onClose={() => {
            chosen.value = null;
          }}
          onChanged={onChanged}
        />
      )}
    </section>
  );
}

interface VoteDialogProps {
  vote: IncidentVote["vote"];
  incident: Incident;
  onClose: () => void;
  onChanged: () => void;
}

function VoteDialog({ vote, incident, onClose, onChanged }: VoteDialogProps) {
  const { api, t } = useApp();
  const action = useAction(
    (input: ManualAction) => api.act(incident.id, input),
    () => {
      onClose();
      onChanged();
    },
  );
  return (
    <Dialog title={t(`vote.${vote}`)} onClose={onClose}>
      <p>{t(`voteHint.${vote}`)}</p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t("votes.send")}
        testId="vote-confirm"
        onSubmit={(reason) => void action.run({ action: "vote", vote, reason })}
        onCancel={onClose}
      />
    </Dialog>
  );
}
