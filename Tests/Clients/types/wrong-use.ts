// Wrong: what the handle does not have, or not so. Each marked line must be an error.
import type { WidgetState } from "./v1";

const widget = TokenService.mount("#box", { inviteToken: "eyJ" });
const token: string = widget.getToken(); // error
widget.on("closed", () => undefined); // error
widget.on("expiring", ({ seconds }) => seconds); // error
widget.update({ inviteToken: "eyJ" }); // error
widget.update({ theme: "sepia" }); // error
widget.destroy(true); // error
const state: WidgetState = "done"; // error
widget.session.subject; // error
widget.state = "ready"; // error
TokenServiceFrame.connect({}); // error
void [token, state];
