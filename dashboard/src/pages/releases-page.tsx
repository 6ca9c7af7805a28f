/** Releases that may be handed out, and the means to stop one. */
import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso/router";
import type { ReleaseRecord, ReleaseStatus } from "../../../src/contract/ops.ts";
import { Dialog } from "../components/dialog.tsx";
import { Fact, Facts } from "../components/facts.tsx";
import { ClearFilters, FilterText } from "../components/filter-bar.tsx";
import { Status } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { ReasonForm } from "../components/reason-form.tsx";
import { Time } from "../components/time.tsx";
import { useAction, useApp, useResource, useTitle } from "../stores/context.ts";
import { bytes } from "../view/figures.ts";
import { hrefWith, readFilters, toQuery } from "../view/filters.ts";

const PATH = "/releases";
const FILTERS = { many: {}, one: ["product"] } as const;

export function ReleasesPage() {
  const { t, api } = useApp();
  const { query } = useLocation();
  const filters = readFilters(FILTERS, query);
  const list = useResource(hrefWith(PATH, filters), () => api.releases(toQuery(filters)), {
    topics: ["releases"],
  });
  useTitle(t("nav.releases"));
  return (
    <>
      <h1>{t("nav.releases")}</h1>
      <div class="filters">
        <FilterText path={PATH} filters={filters} name="product" label="filter.product" />
        <ClearFilters path={PATH} filters={filters} />
      </div>
      <Loaded of={list}>
        {({ items }) => (
          <>
            {items.length === 0 && <Empty>{t("release.none")}</Empty>}
            {items.map((release) => (
              <Release
                key={`${release.product} ${release.version}`}
                release={release}
                onChanged={list.refetch}
              />
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

const NEXT: Record<ReleaseStatus, readonly ReleaseStatus[]> = {
  active: ["halted", "blocked"],
  halted: ["active", "blocked"],
  blocked: ["active"],
};

function Release({ release, onChanged }: { release: ReleaseRecord; onChanged: () => void }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const chosen = useSignal<ReleaseStatus | null>(null);
  const name = `${release.product} ${release.version}`;
  return (
    <article class="card" aria-label={name}>
      <h2>
        <span class="untrusted">{name}</span> <Status of="releaseStatus" status={release.status} />
      </h2>
      {release.notes && <p class="untrusted">{release.notes}</p>}
      <Facts>
        <Fact name={t("release.minFrom")}>{release.min_from}</Fact>
        <Fact name={t("release.reversible")}>{t(release.reversible ? "word.yes" : "word.no")}</Fact>
        <Fact name={t("release.size")}>{bytes(release.size, language)}</Fact>
        <Fact name={t("release.expires")}>
          <Time at={release.expires} />
        </Fact>
        <Fact name={t("release.published")}>
          {release.published_by} <Time at={release.published_at} />
        </Fact>
        <Fact name="sha256">
          <code>{release.sha256}</code>
        </Fact>
      </Facts>
      <div class="buttons">
        {NEXT[release.status].map((status) => (
          <button
            key={status}
            type="button"
            class={status === "active" ? "button" : "button danger"}
            aria-haspopup="dialog"
            aria-label={t(`releaseAct.${status}Of`, { name })}
            onClick={() => {
              chosen.value = status;
            }}
          >
            {t(`releaseAct.${status}`)}
          </button>
        ))}
      </div>
      {chosen.value && (
        <StatusDialog
          release={release}
          status={chosen.value}
          onClose={() => {
            chosen.value = null;
          }}
          onChanged={onChanged}
        />
      )}
    </article>
  );
}

interface StatusDialogProps {
  release: ReleaseRecord;
  status: ReleaseStatus;
  onClose: () => void;
  onChanged: () => void;
}

function StatusDialog({ release, status, onClose, onChanged }: StatusDialogProps) {
  const { api, t } = useApp();
  const action = useAction(
    (reason: string) => api.setReleaseStatus(release.product, release.version, { status, reason }),
    () => {
      onClose();
      onChanged();
    },
  );
  const name = `${release.product} ${release.version}`;
  return (
    <Dialog title={t(`releaseAct.${status}Of`, { name })} onClose={onClose}>
      <p>{t(`releaseHint.${status}`)}</p>
      <ReasonForm
        busy={action.busy.value}
        failure={action.failure.value}
        submit={t(`releaseAct.${status}`)}
        tone={status === "active" ? "primary" : "danger"}
        testId="release-confirm"
        onSubmit={(reason) => void action.run(reason)}
        onCancel={onClose}
      />
    </Dialog>
  );
}
