export * from "../settings.ts";
