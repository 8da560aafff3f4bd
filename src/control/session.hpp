#pragma once
// One run of mailctl: what the command line said, where the daemon listens, how to answer.

#include "control/client.hpp"
#include "control/command_line.hpp"

#include <string>
#include <string_view>

namespace maild::control {

struct Session {
    Invocation invocation;
    std::string program_path; // this program, as found
    std::string socket_path;

    Result<Reply> ask(Request request) const;
    std::string text_argument(std::string_view name) const; // empty: not given
};

// Commands that mailctl carries out itself (Runs::here), and `version`, which works without the
// daemon too.
Reply run_here(Session& session);
Reply run_setup(Session& session);        // setup init
Reply run_rebuild(Session& session);      // store rebuild
Reply run_verify(Session& session);       // message verify
Reply run_sign(Session& session);         // message sign
Reply run_domain_check(Session& session); // domain check
Reply run_report_dmarc(Session& session);
Reply run_report_send(Session& session); // report dmarc send
Reply run_report_tls(Session& session);

// A command of Runs::in_steps from its first step to its last.
Result<Reply> ask_in_steps(Session& session);

// A command with --follow: shows what comes as it comes, and returns when that is over.
Result<Reply> follow(Session& session);

// Fills in what is not on the command line: passwords, sizes as numbers, the rows of a file.
// `generated` gets the password that was made, to be shown once.
Result<void> complete_arguments(Session& session, std::string& generated);

} // namespace maild::control
