/** One wave of a plan: which shops, from when, and what must have succeeded before the next one. */
import type { RolloutWave } from "../../../../src/contract/rollout-plan.ts";
import { useApp } from "../../stores/context.ts";
import { waveKind, withKind, withPart } from "../../view/rollout.ts";
import { InstantField, ListField, NumberField, SelectField, TextField } from "../field.tsx";

interface WaveFieldsProps {
  wave: RolloutWave;
  /** Of a field by name; of the whole wave by the empty name. */
  message: (name: string) => string | undefined;
  onChange: (wave: RolloutWave) => void;
}

export function WaveFields({ wave, message, onChange }: WaveFieldsProps) {
  const { t } = useApp();
  const kind = waveKind(wave);
  return (
    <div class="fields">
      <SelectField
        label={t("wave.kind")}
        value={kind}
        options={[
          ["shops", t("wave.shops")],
          ["percent", t("wave.percent")],
          ["merchants", t("wave.merchants")],
        ]}
        message={message("")}
        onChange={(next) => onChange(withKind(wave, next))}
      />
      {kind === "merchants" ? (
        <ListField
          label={t("wave.merchants")}
          hint={t("wave.merchantsHint")}
          value={wave.merchants ?? []}
          message={message("merchants")}
          rows={3}
          onInput={(merchants) => onChange({ ...wave, merchants })}
        />
      ) : (
        <NumberField
          label={t(`wave.${kind}`)}
          value={wave[kind] ?? Number.NaN}
          message={message(kind)}
          onInput={(n) => onChange({ ...wave, [kind]: n })}
        />
      )}
      <TextField
        label={t("wave.name")}
        value={wave.name ?? ""}
        message={message("name")}
        onInput={(typed) => onChange(withPart(wave, "name", typed === "" ? undefined : typed))}
      />
      <InstantField
        label={t("wave.notBefore")}
        hint={t("wave.notBeforeHint")}
        value={wave.not_before ?? ""}
        message={message("not_before")}
        onInput={(at) => onChange(withPart(wave, "not_before", at === "" ? undefined : at))}
      />
      <TextField
        label={t("wave.successes")}
        hint={t("wave.successesHint")}
        value={textOf(wave.successes)}
        message={message("successes")}
        onInput={(typed) => onChange(withPart(wave, "successes", numberOf(typed)))}
      />
      <TextField
        label={t("wave.bake")}
        hint={t("wave.bakeHint")}
        value={textOf(wave.bake_s)}
        message={message("bake_s")}
        onInput={(typed) => onChange(withPart(wave, "bake_s", numberOf(typed)))}
      />
    </div>
  );
}

function textOf(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : String(value);
}

/** Nothing typed is no number; what is typed and is none, the schema refuses by its field. */
function numberOf(typed: string): number | undefined {
  return typed.trim() === "" ? undefined : Number(typed);
}
