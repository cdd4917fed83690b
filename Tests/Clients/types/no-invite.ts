// Wrong: a widget without an invite, or with both ways to one. Each marked line must be an error.
import type { WidgetOptions } from "./v1";

const none: WidgetOptions = { theme: "dark" }; // error
const both: WidgetOptions = { inviteToken: "eyJ", fetchInviteToken: async () => "eyJ" }; // error
const key: WidgetOptions = { inviteToken: "eyJ", apiKey: "ts_live_" }; // error
const late: WidgetOptions = { fetchInviteToken: () => "eyJ" }; // error
TokenService.mount("#box"); // error
TokenService.mount(null, { inviteToken: "eyJ" }); // error
void [none, both, key, late];
