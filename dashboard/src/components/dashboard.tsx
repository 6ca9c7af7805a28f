/** The whole page: the sign-in page without a token, else the frame with the page of the address in it. */
import { LocationProvider, Route, Router } from "preact-iso/router";
import { AttemptsPage } from "../pages/attempts-page.tsx";
import { IncidentPage } from "../pages/incident-page.tsx";
import { IncidentsPage } from "../pages/incidents-page.tsx";
import { MerchantPage } from "../pages/merchant-page.tsx";
import { NotFoundPage } from "../pages/not-found-page.tsx";
import { NoticesPage } from "../pages/notices-page.tsx";
import { OverviewPage } from "../pages/overview-page.tsx";
import { PluginPage } from "../pages/plugin-page.tsx";
import { PluginsPage } from "../pages/plugins-page.tsx";
import { PolicyPage } from "../pages/policy-page.tsx";
import { ReleasePage } from "../pages/release-page.tsx";
import { ReleasesPage } from "../pages/releases-page.tsx";
import { SafetyPage } from "../pages/safety-page.tsx";
import { ShadowPage } from "../pages/shadow-page.tsx";
import { SignInPage } from "../pages/sign-in-page.tsx";
import type { App } from "../stores/app.ts";
import { AppContext } from "../stores/context.ts";
import { Frame } from "./frame.tsx";

export function Dashboard({ app }: { app: App }) {
  return (
    <AppContext.Provider value={app}>
      {app.session.token.value === null ? (
        <SignInPage />
      ) : (
        <LocationProvider>
          <Frame>
            <Router>
              <Route path="/" component={OverviewPage} />
              <Route path="/incidents" component={IncidentsPage} />
              <Route path="/incidents/:id" component={IncidentPage} />
              <Route path="/attempts" component={AttemptsPage} />
              <Route path="/plugins" component={PluginsPage} />
              <Route path="/plugins/:id" component={PluginPage} />
              <Route path="/releases" component={ReleasesPage} />
              <Route path="/releases/:product/:version" component={ReleasePage} />
              <Route path="/policy" component={PolicyPage} />
              <Route path="/shadow" component={ShadowPage} />
              <Route path="/safety" component={SafetyPage} />
              <Route path="/notices" component={NoticesPage} />
              <Route path="/merchants/:id" component={MerchantPage} />
              <Route default component={NotFoundPage} />
            </Router>
          </Frame>
        </LocationProvider>
      )}
    </AppContext.Provider>
  );
}
