#pragma once
// One mail transaction (RFC 5321 §3.3) over a session's conversation: envelope, content, and what
// each recipient's outcome is. Commands go in groups where the server takes them (RFC 2920).

#include "relay/commands.hpp"
#include "relay/conversation.hpp"
#include "relay/seven_bit.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maild::relay {

class Transaction {
public:
    // All outlive it.
    Transaction(Conversation& with, const Capabilities& offered, const SessionOptions& options,
                const Envelope& envelope, Content& content);

    net::Task<std::vector<Outcome>> run();
    // The server keeps something of it: RSET first.
    bool leaves_rest() const { return leaves_rest_; }

private:
    struct Command {
        Stage stage = Stage::mail;
        std::size_t recipient = 0; // with rcpt
        std::string line;
    };

    // Before the first command
    bool find_obstacles();
    net::Task<bool> scan();
    // Envelope
    std::vector<Command> commands() const;
    net::Task<void> send_envelope();
    net::Task<bool> run_group(std::span<const Command> group);
    void take_reply(const Command& command, const Reply& reply);
    // Content
    net::Task<void> send_content();
    net::Task<void> send_nothing();
    net::Task<bool> send_blocks();
    net::Task<bool> send_block(bool is_last);
    net::Task<bool> send_chunk(bool is_last);
    net::Task<void> read_verdicts();
    net::Task<void> lose(Error error);

    bool has_accepted() const;
    void settle(const Outcome& outcome); // of all that have none yet
    bool uses_chunks() const { return options_.uses_chunking && offered_.chunking; }

    Conversation& with_;
    const Capabilities& offered_;
    const SessionOptions& options_;
    const Envelope& envelope_;
    Content& content_;

    std::vector<std::optional<Outcome>> outcomes_;
    std::vector<bool> accepted_; // RCPT was
    bool is_mail_accepted_ = false;
    bool is_data_accepted_ = false;
    bool leaves_rest_ = false;
    std::optional<std::vector<bool>> converted_; // what SevenBitConverter is to change
    std::string out_;                            // content that waits to be written
};

} // namespace maild::relay
