//! What holds for every tracker over HTTP, shown with one of them.

use serde_json::json;

use crate::fakes::gitlab::Gitlab;
use crate::fakes::identifiers;

#[test]
fn what_goes_to_this_machine_goes_through_no_proxy() {
    let (fake, proxy) = (Gitlab::start(), Gitlab::start());
    fake.change(|gitlab| gitlab.add(1, &[]));
    let env = fake.project("", "");
    let poll = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
        .iter()
        .fold(env.command("poll --json"), |command, name| command.env(name, proxy.url()).env("NO_PROXY", ""))
        .run()
        .json();
    assert_eq!(identifiers(&poll), ["GL-1"]);
    assert_eq!(proxy.take_lines(), [""; 0], "the proxy has not seen the credential");
}
