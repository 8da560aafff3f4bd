#include "daemon/trace_role.hpp"

#include "daemon/day_mark.hpp"
#include "daemon/note_messages.hpp"
#include "daemon/notes.hpp"
#include "daemon/report_messages.hpp"

#include "maild/base/log.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/trace/messages.hpp"
#include "maild/trace/store.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kFlush = 1s;
constexpr auto kEndStep = 20ms;

trace::StoreBounds bounds_of(const Config& config) {
    return {.keep = config.trace.keep,
            .octets = config.trace.octets,
            .min_free = config.store.min_free_bytes};
}

class Trace final : public RoleProgram {
public:
    Result<void> start(RoleContext& context) override {
        context_ = &context;
        const auto& config = context.config();
        auto opened = trace::Store::open(
            files_, clock_, {.directory = config.paths.traces(), .bounds = bounds_of(config)});
        if (!opened) return std::unexpected(std::move(opened.error()));
        store_ = std::move(*opened);
        const auto& directory = config.paths.traces();
        dmarc_.emplace(files_, directory, "reported", "sent.");
        tls_.emplace(files_, directory, "reported-tls", "sent-tls.");
        notes_.emplace(files_, directory);
        server_.emplace(context.io(), "trace",
                        [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                            return answer(*this, std::move(connection), std::move(request));
                        });
        net::spawn(context.io(), keep_flushed(*this), "trace_flush");
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        const auto role = peer.role == Role::control  ? ipc::PeerRole::control
                          : peer.role == Role::sender ? ipc::PeerRole::sender
                                                      : ipc::PeerRole::worker;
        server_->attach(std::move(peer.socket), role, peer.index);
    }

    void on_reload() override { store_->set_bounds(bounds_of(context_->config())); }

    void on_drain(std::chrono::milliseconds grace) override {
        net::spawn(context_->io(), end(*this, grace), "trace_end");
    }

private:
    static net::Task<void> answer(Trace& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        if (self.answer_one(*connection, request)) co_return;
        log::error("trace_request_malformed", {{"type", request.type}});
        connection->close();
    }

    // False: nothing that this peer may ask.
    bool answer_one(ipc::Connection& connection, const ipc::Request& request) {
        if (request.type == kLoadNote) return load_note(connection, request);
        if (request.type == kKeepNote) return keep_note(connection, request);
        return connection.role() == ipc::PeerRole::control ? answer_control(connection, request)
                                                           : keep(connection, request);
    }

    bool keep(ipc::Connection& connection, const ipc::Request& request) {
        if (request.type != trace::kKeep) return false;
        auto batch = trace::decode_batch(request.payload);
        if (!batch) return false;
        if (batch->lost > 0) {
            log::warning("trace_records_lost",
                         {{"worker", connection.index()}, {"count", batch->lost}});
            store_->note_lost(batch->lost);
        }
        for (auto& entry : batch->entries) store_->add(std::move(entry.record), entry.keys);
        const Result<ipc::Nothing> kept{};
        connection.answer(request.id, kept);
        return true;
    }

    bool answer_control(ipc::Connection& connection, const ipc::Request& request) {
        if (request.type == kReportedDay) return tell_reported(connection, request);
        if (request.type == kSetReportedDay) return set_reported(connection, request);
        if (request.type == kSentCopies) return tell_sent(connection, request);
        if (request.type == kNoteSent) return note_sent(connection, request);
        return request.type == trace::kSearch && search(connection, request);
    }

    // What was reported stands beside what it was made of: who clears the one begins anew with the
    // other.
    bool tell_reported(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<ReportedDay>(request.payload);
        if (!asked) return false;
        const auto day = of(asked->kind).mark.load();
        Result<ReportedDay> reported = ReportedDay{.kind = asked->kind};
        if (!day)
            reported = std::unexpected(day.error());
        else if (*day)
            reported->day = (*day)->time_since_epoch().count();
        connection.answer(request.id, reported);
        return true;
    }

    bool set_reported(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<ReportedDay>(request.payload);
        if (!asked || (asked->day && !is_day(*asked->day))) return false;
        auto& mark = of(asked->kind).mark;
        const auto kept =
            asked->day ? mark.keep(UtcDay(std::chrono::days(*asked->day))) : mark.forget();
        confirm(connection, request, kept);
        return true;
    }

    bool tell_sent(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<ReportedDay>(request.payload);
        if (!asked || !asked->day || !is_day(*asked->day)) return false;
        auto copies = of(asked->kind).sent.load(UtcDay(std::chrono::days(*asked->day)));
        Result<SentCopies> sent = SentCopies{.kind = asked->kind, .day = *asked->day};
        if (copies)
            sent->copies = std::move(*copies);
        else
            sent = std::unexpected(std::move(copies.error()));
        connection.answer(request.id, sent);
        return true;
    }

    bool note_sent(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<SentCopies>(request.payload);
        if (!asked || !is_day(asked->day)) return false;
        confirm(connection, request,
                of(asked->kind).sent.add(UtcDay(std::chrono::days(asked->day)), asked->copies));
        return true;
    }

    // What is out of one kind of reports.
    struct Reported {
        Reported(FileSystem& files, const std::string& directory, std::string name,
                 std::string prefix)
            : mark(files, directory, std::move(name)), sent(files, directory, std::move(prefix)) {}
        DayMark mark;
        SentLog sent;
    };
    Reported& of(ReportKind kind) { return kind == ReportKind::tls ? *tls_ : *dmarc_; }

    static bool is_day(std::int64_t day) {
        constexpr std::int64_t kMostDays = 2'932'896; // 9999-12-31
        return day >= 0 && day <= kMostDays;
    }

    static void confirm(ipc::Connection& connection, const ipc::Request& request,
                        const Result<void>& kept) {
        if (kept) {
            const Result<ipc::Nothing> done{};
            connection.answer(request.id, done);
            return;
        }
        log::error("reports_not_noted", {{"detail", kept.error().internal}});
        connection.reply_error(request.id, kept.error());
    }

    bool load_note(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<NoteName>(request.payload);
        if (!asked || !Notes::is_of(connection.role(), asked->name)) return false;
        auto text = notes_->load(asked->name);
        Result<KeptNote> note = KeptNote{.name = asked->name, .text = {}};
        if (text)
            note->text = std::move(*text);
        else
            note = std::unexpected(std::move(text.error()));
        connection.answer(request.id, note);
        return true;
    }

    bool keep_note(ipc::Connection& connection, const ipc::Request& request) {
        const auto note = ipc::decode<KeptNote>(request.payload);
        if (!note || !Notes::is_of(connection.role(), note->name)) return false;
        confirm(connection, request, notes_->keep(note->name, note->text));
        return true;
    }

    bool search(ipc::Connection& connection, const ipc::Request& request) {
        const auto asked = ipc::decode<trace::SearchRequest>(request.payload);
        if (!asked) return false;
        const Result<trace::SearchPage> page = store_->search(asked->query, asked->range);
        connection.answer(request.id, page);
        return true;
    }

    // For ever.
    static net::Task<void> keep_flushed(Trace& self) {
        while (true) {
            co_await net::sleep_for(kFlush);
            self.flush();
        }
    }

    // Told when it begins and when it is over, not each second.
    void flush() {
        const auto flushed = store_->flush();
        const auto trouble = flushed ? std::string() : flushed.error().internal;
        if (trouble.empty() == trouble_.empty()) return;
        if (trouble.empty())
            log::info("trace_writes_again");
        else
            log::error("trace_not_written",
                       {{"error", name_of(flushed.error().code)}, {"detail", trouble}});
        context_->set_status(trouble.empty() ? "" : "cannot write: " + trouble);
        trouble_ = trouble;
    }

    // Workers and the sender have ended before, so what they have sent is all there is: until it is
    // read.
    static net::Task<void> end(Trace& self, std::chrono::milliseconds grace) {
        const auto until = std::chrono::steady_clock::now() + grace;
        while (self.has_writer() && std::chrono::steady_clock::now() < until)
            co_await net::sleep_for(kEndStep);
        self.flush();
        self.context_->finished();
    }

    bool has_writer() const {
        return std::ranges::any_of(server_->connections(), [](const auto& connection) {
            return connection->role() != ipc::PeerRole::control;
        });
    }

    SystemClock clock_;
    PosixFileSystem files_;
    RoleContext* context_ = nullptr;
    std::unique_ptr<trace::Store> store_;
    std::optional<Reported> dmarc_;
    std::optional<Reported> tls_;
    std::optional<Notes> notes_;
    std::string trouble_;
    std::optional<ipc::Server> server_;
};

} // namespace

std::unique_ptr<RoleProgram> make_trace() { return std::make_unique<Trace>(); }

} // namespace maild::daemon
