/** Releases that may be handed out and remedies on offer, how far each is, and the means to stop one. */
import { useLocation } from "preact-iso/router";
import type { LiveRelease } from "../../../src/contract/ops.ts";
import type { LiveRemedy, RolloutState } from "../../../src/contract/rollout.ts";
import { Fact, Facts } from "../components/facts.tsx";
import { ClearFilters, FilterText } from "../components/filter-bar.tsx";
import { JsonText } from "../components/json-text.tsx";
import { Status, Word } from "../components/label.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { Floor } from "../components/rollout/floor.tsx";
import { NewRemedy } from "../components/rollout/new-remedy.tsx";
import { Stages } from "../components/rollout/progress.tsx";
import { SubjectActions } from "../components/rollout/subject-actions.tsx";
import { Time } from "../components/time.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { bytes } from "../view/figures.ts";
import { hrefWith, readFilters, toQuery } from "../view/filters.ts";
import { failuresOf, type Subject, subjectHref, subjectName } from "../view/rollout.ts";

const PATH = "/releases";
const FILTERS = { many: {}, one: ["product"] } as const;

export function ReleasesPage() {
  const { t, api } = useApp();
  const { query } = useLocation();
  const filters = readFilters(FILTERS, query);
  const key = hrefWith(PATH, filters);
  const releases = useResource(key, () => api.releases(toQuery(filters)), { topics: ["releases"] });
  const remedies = useResource(`remedies ${key}`, () => api.remedies(toQuery(filters)), {
    topics: ["releases"],
  });
  const product = filters.product?.[0];
  useTitle(t("nav.releases"));
  return (
    <>
      <h1>{t("nav.releases")}</h1>
      <div class="filters">
        <FilterText path={PATH} filters={filters} name="product" label="filter.product" />
        <ClearFilters path={PATH} filters={filters} />
      </div>
      {product !== undefined && <Floor key={product} product={product} />}
      <Loaded of={releases}>
        {({ items }) => (
          <>
            {items.length === 0 && <Empty>{t("release.none")}</Empty>}
            {items.map((release) => (
              <Release
                key={`${release.product} ${release.version}`}
                release={release}
                onChanged={releases.refetch}
              />
            ))}
          </>
        )}
      </Loaded>
      <section aria-labelledby="remedies">
        <h2 id="remedies">{t("remedy.title")}</h2>
        <p class="field-hint">{t("remedy.hint")}</p>
        <Loaded of={remedies}>
          {({ items }) => (
            <>
              {items.length === 0 && <Empty>{t("remedy.none")}</Empty>}
              {items.map((remedy) => (
                <RemedyCard key={remedy.id} remedy={remedy} onChanged={remedies.refetch} />
              ))}
            </>
          )}
        </Loaded>
        <NewRemedy product={product ?? ""} onDone={remedies.refetch} />
      </section>
    </>
  );
}

function Release({ release, onChanged }: { release: LiveRelease; onChanged: () => void }) {
  const { t, preferences } = useApp();
  const language = preferences.language.value;
  const subject: Subject = { product: release.product, key: release.version };
  return (
    <article class="card" aria-label={subjectName(subject)}>
      <h2>
        <a class="untrusted" href={subjectHref(subject)}>
          {subjectName(subject)}
        </a>{" "}
        <Status of="releaseStatus" status={release.status} />
      </h2>
      {release.notes && <p class="untrusted">{release.notes}</p>}
      <HowFar rollout={release.rollout ?? null} />
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
      <SubjectActions subject={subject} of={release} onChanged={onChanged} />
    </article>
  );
}

function RemedyCard({ remedy, onChanged }: { remedy: LiveRemedy; onChanged: () => void }) {
  const { t } = useApp();
  const subject: Subject = { product: remedy.product, key: remedy.id };
  return (
    <article class="card" aria-label={subjectName(subject)} data-testid={`remedy-${remedy.id}`}>
      <h3>
        <a class="untrusted" href={subjectHref(subject)}>
          {remedy.title}
        </a>{" "}
        <Status of="releaseStatus" status={remedy.status} />
      </h3>
      <HowFar rollout={remedy.rollout ?? null} />
      <Facts>
        <Fact name={t("filter.product")}>{remedy.product}</Fact>
        <Fact name={t("remedy.for")}>
          {remedy.for.map((type) => (
            <span key={type} class="chip">
              <Word of="incidentType" name={type} />
            </span>
          ))}
        </Fact>
        <Fact name={t("remedy.versions")}>
          {remedy.min_version ?? "–"} … {remedy.max_version ?? "–"}
        </Fact>
        <Fact name={t("release.published")}>
          {remedy.published_by} <Time at={remedy.published_at} />
        </Fact>
        <Fact name={t("remedy.set")}>
          <JsonText value={remedy.set} />
        </Fact>
      </Facts>
      <SubjectActions subject={subject} of={remedy} onChanged={onChanged} />
    </article>
  );
}

/** The stages and the figures in one line; the rest is on its own page. */
function HowFar({ rollout }: { rollout: RolloutState | null }) {
  const { t } = useApp();
  if (rollout === null) return null;
  const { failures, finished } = failuresOf(rollout);
  const held = rollout.holds.filter(({ lifted }) => lifted === null).length;
  return (
    <>
      <Stages rollout={rollout} />
      <p class="row-facts">
        <span>{t("rollout.line", { inFlight: rollout.in_flight, success: rollout.success })}</span>
        <span>{t("rollout.lineFailures", { failures, finished })}</span>
        {held > 0 && <span class="chip severity-medium">{t("rollout.lineHolds", { n: held })}</span>}
      </p>
    </>
  );
}
