/** Mutes and maintenance windows: what stays quiet, why, and until when. */
import { INCIDENT_TYPES } from "../../../src/contract/incident.ts";
import { type MaintenanceWindow, type Mute, QUIET_MAX } from "../../../src/contract/policy.ts";
import { useApp, useNow } from "../stores/context.ts";
import type { PolicyDraft } from "../stores/policy-draft.ts";
import { aNewMute, aNewWindow, withField } from "../view/quiet.ts";
import { InstantField, SelectField, TextField } from "./field.tsx";
import { usePolicyMessage } from "./policy-message.ts";

export function PolicyQuiet({ draft }: { draft: PolicyDraft }) {
  const { t } = useApp();
  const now = useNow();
  const message = usePolicyMessage(draft);
  const { mutes, maintenance } = draft.document.value;
  return (
    <fieldset class="card">
      <legend>{t("policy.quiet")}</legend>
      <p class="field-hint">{t("policy.quietHint")}</p>
      <fieldset class="inner" data-testid="mutes">
        <legend>{t("policy.mutes")}</legend>
        {mutes.map((mute, i) => (
          // An entry is its place in the list: the index is its identity.
          <div class="line" key={i}>
            <MuteFields
              mute={mute}
              message={(name) => message(`mutes.${i}.${name}`)}
              onChange={(next) => draft.edit({ mutes: mutes.with(i, next) })}
            />
            <LineEnd
              by={mute.by}
              wrong={message(`mutes.${i}`, "own")}
              remove={t("quiet.remove", { n: i + 1 })}
              onRemove={() => draft.edit({ mutes: mutes.toSpliced(i, 1) })}
            />
          </div>
        ))}
        <button
          type="button"
          class="button"
          disabled={mutes.length >= QUIET_MAX}
          data-testid="add-mute"
          onClick={() => draft.edit({ mutes: [...mutes, aNewMute(now)] })}
        >
          {t("quiet.addMute")}
        </button>
      </fieldset>
      <fieldset class="inner" data-testid="maintenance">
        <legend>{t("policy.maintenance")}</legend>
        {maintenance.map((window, i) => (
          <div class="line" key={i}>
            <WindowFields
              window={window}
              message={(name) => message(`maintenance.${i}.${name}`)}
              onChange={(next) => draft.edit({ maintenance: maintenance.with(i, next) })}
            />
            <LineEnd
              by={window.by}
              wrong={message(`maintenance.${i}`, "own")}
              remove={t("quiet.remove", { n: i + 1 })}
              onRemove={() => draft.edit({ maintenance: maintenance.toSpliced(i, 1) })}
            />
          </div>
        ))}
        <button
          type="button"
          class="button"
          disabled={maintenance.length >= QUIET_MAX}
          data-testid="add-window"
          onClick={() => draft.edit({ maintenance: [...maintenance, aNewWindow(now)] })}
        >
          {t("quiet.addWindow")}
        </button>
      </fieldset>
    </fieldset>
  );
}

type Message = (name: string) => string | undefined;

interface MuteFieldsProps {
  mute: Mute;
  message: Message;
  onChange: (mute: Mute) => void;
}

function MuteFields({ mute, message, onChange }: MuteFieldsProps) {
  const { t } = useApp();
  const text = (name: "merchant_id" | "plugin_id" | "product", label: string) => (
    <TextField
      label={label}
      value={mute[name] ?? ""}
      message={message(name)}
      onInput={(typed) => onChange(withField(mute, name, typed))}
    />
  );
  return (
    <>
      {text("merchant_id", t("fact.merchant"))}
      {text("plugin_id", t("quiet.plugin"))}
      {text("product", t("quiet.product"))}
      <SelectField
        label={t("quiet.type")}
        value={mute.type ?? "any"}
        options={[
          ["any", t("quiet.anyType")],
          ...INCIDENT_TYPES.map((type) => [type, t(`incidentType.${type}`)] as const),
        ]}
        onChange={(type) => onChange(withField(mute, "type", type === "any" ? "" : type))}
      />
      <InstantField
        label={t("quiet.until")}
        hint={t("quiet.muteLimit")}
        value={mute.until}
        message={message("until")}
        onInput={(until) => onChange({ ...mute, until })}
      />
      <TextField
        label={t("quiet.reason")}
        value={mute.reason}
        message={message("reason")}
        onInput={(reason) => onChange({ ...mute, reason })}
      />
    </>
  );
}

interface WindowFieldsProps {
  window: MaintenanceWindow;
  message: Message;
  onChange: (window: MaintenanceWindow) => void;
}

function WindowFields({ window, message, onChange }: WindowFieldsProps) {
  const { t } = useApp();
  return (
    <>
      <SelectField
        label={t("quiet.scope")}
        value={window.scope}
        options={[
          ["all", t("quiet.everything")],
          ["merchant", t("fact.merchant")],
          ["product", t("quiet.product")],
        ]}
        onChange={(scope) =>
          onChange(withField({ ...window, scope }, "id", scope === "all" ? "" : (window.id ?? "")))
        }
      />
      {window.scope !== "all" && (
        <TextField
          label={t(window.scope === "merchant" ? "fact.merchant" : "quiet.product")}
          value={window.id ?? ""}
          message={message("id")}
          onInput={(typed) => onChange(withField(window, "id", typed))}
        />
      )}
      <InstantField
        label={t("quiet.from")}
        value={window.from}
        message={message("from")}
        onInput={(from) => onChange({ ...window, from })}
      />
      <InstantField
        label={t("quiet.until")}
        value={window.until}
        message={message("until")}
        onInput={(until) => onChange({ ...window, until })}
      />
      <SelectField
        label={t("quiet.changes")}
        value={window.changes}
        options={[
          ["forbid", t("quiet.changesForbid")],
          ["allow", t("quiet.changesAllow")],
        ]}
        onChange={(changes) => onChange({ ...window, changes })}
      />
      <TextField
        label={t("quiet.reason")}
        value={window.reason}
        message={message("reason")}
        onInput={(reason) => onChange({ ...window, reason })}
      />
    </>
  );
}

interface LineEndProps {
  by: string | undefined;
  wrong: string | undefined;
  remove: string;
  onRemove: () => void;
}

function LineEnd({ by, wrong, remove, onRemove }: LineEndProps) {
  const { t } = useApp();
  return (
    <>
      {by !== undefined && <small class="field-hint untrusted">{t("quiet.by", { by })}</small>}
      {wrong !== undefined && (
        <p class="field-message" role="alert">
          {wrong}
        </p>
      )}
      <button type="button" class="button quiet remove" aria-label={remove} onClick={onRemove}>
        ×
      </button>
    </>
  );
}
