#pragma once
// Clients at the far end of an unreliable network: what they say arrives in pieces, they read when
// they like, and their connection may be gone at any time; then they come back and try again. What
// a server said to them is written into the ledger.

#include "simulation/host.hpp"

#include <random>
#include <string>
#include <string_view>

namespace maild::simulation {

class Client {
public:
    Client(Host& host, Ledger& ledger, std::mt19937_64& random)
        : host_(host), ledger_(ledger), random_(random) {}
    virtual ~Client() = default;

    // Sends or reads a piece; false when there was nothing to do.
    bool step();
    void cut(); // whatever is under way is lost
    void slow_down(bool slow) { is_slow_ = slow; }
    bool is_connected() const { return bool(socket_); }
    std::uint64_t digest() const { return digest_; } // of everything that was read

protected:
    virtual UniqueFd connect() = 0;
    virtual void on_line(std::string line) = 0;
    virtual void on_cut() = 0;
    // Something new to do? Called when nothing is under way.
    virtual void think() = 0;
    void say(std::string_view text) { to_send_ += text; }
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    Host& host_;
    Ledger& ledger_;

private:
    bool send_piece();
    bool read_piece();

    std::mt19937_64& random_;
    UniqueFd socket_;
    std::string to_send_;
    std::string received_;
    bool is_slow_ = true;
    std::uint64_t digest_ = 14'695'981'039'346'656'037U;
};

// Sends its mails one after the other, each until it is accepted.
class Sender final : public Client {
public:
    Sender(Host& host, Ledger& ledger, std::mt19937_64& random, int mails)
        : Client(host, ledger, random), left_(mails) {}
    bool is_done() const { return left_ == 0 && token_.empty(); }

private:
    UniqueFd connect() override;
    void on_line(std::string line) override;
    void on_cut() override;
    void think() override;
    void next_command();
    void choose_mail();
    void on_accepted();

    int left_;
    std::string token_; // of the mail that is on its way; empty: none
    std::vector<std::string> recipients_;
    std::vector<std::string> commands_; // the rest of the transaction
    bool is_pipelining_ = false;
    int awaited_ = 0; // replies
    bool is_content_sent_ = false;
};

// A user's mail program: has the INBOX open, files, marks and removes what it has put there itself,
// and waits for news.
class Reader final : public Client {
public:
    Reader(Host& host, Ledger& ledger, std::mt19937_64& random, std::size_t user,
           std::size_t worker)
        : Client(host, ledger, random), user_(user), worker_(worker) {}
    std::size_t worker() const { return worker_; }
    std::int64_t account() const { return host_.account(user_); }
    bool is_idle() const { return is_selected_ && task_ == Task::none; }
    void rest() { is_resting_ = true; } // begins nothing new by itself
    void ask_for_news() { begin(Task::noop, "NOOP"); }
    // Asks for all UIDs; then uids() is what this session sees.
    void ask_for_uids();
    const std::vector<std::uint32_t>& uids() const { return uids_; }
    std::uint32_t exists() const { return exists_; }
    const std::string& complaint() const { return complaint_; } // a server that contradicts itself

private:
    enum class Task : std::uint8_t {
        none,
        greeting,
        login,
        select,
        append,
        remove_flag,
        expunge,
        move,
        copy,
        idle,
        noop,
        uids,
    };
    UniqueFd connect() override;
    void on_line(std::string line) override;
    void on_cut() override;
    void think() override;
    void begin(Task task, std::string_view command);
    void on_untagged(std::string_view line);
    void on_done(std::string_view line);
    void on_appended(std::string_view line);
    void on_filed(std::string_view line);
    void choose_place();

    std::size_t user_;
    std::size_t worker_;
    Task task_ = Task::none;
    int tag_ = 0;
    bool is_selected_ = false;
    bool is_resting_ = false;
    bool is_marked_ = false; // \Deleted; not when another session's message was not told here yet
    std::uint32_t validity_ = 0;
    std::uint32_t exists_ = 0;
    std::vector<std::uint32_t> uids_;
    std::string token_; // what the command is about
    Place place_;
    std::string complaint_;
};

} // namespace maild::simulation
