#include "maild/net/dns_resolver.hpp"

#include "net/await.hpp"
#include "net/dns_context.hpp"
#include "net/dns_records.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"
#include "maild/net/zone_places.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace maild::net {
namespace {

constexpr int kClassIn = 1;
constexpr std::size_t kZoneShare = 16; // of max_pending, what one zone may take

struct ResultDeleter {
    void operator()(ub_result* result) const { ub_resolve_free(result); }
};
using Answered = std::unique_ptr<ub_result, ResultDeleter>;

std::string problem_of(const ub_result& result) {
    if (result.bogus != 0)
        return result.why_bogus != nullptr ? result.why_bogus : "DNSSEC validation failed";
    switch (result.rcode) {
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case 4: return "NOTIMP";
    case 5: return "REFUSED";
    default: return "RCODE " + std::to_string(result.rcode);
    }
}

void append_records(DnsAnswer& answer, DnsType type, const ub_result& result) {
    for (std::size_t i = 0; result.data[i] != nullptr; ++i) {
        const std::string_view rdata(result.data[i], static_cast<std::size_t>(result.len[i]));
        if (append_record(answer, type, rdata))
            answer.status = DnsStatus::found;
        else
            answer.problem = "a malformed record was left out";
    }
}

DnsAnswer answer_of(DnsType type, const ub_result& result) {
    DnsAnswer answer;
    answer.ttl = std::chrono::seconds(result.ttl);
    answer.is_secure = result.secure != 0;
    if (result.bogus != 0) {
        answer.status = DnsStatus::bogus;
        answer.problem = problem_of(result);
    } else if (result.havedata != 0) {
        append_records(answer, type, result);
    } else if (result.nxdomain != 0) {
        answer.status = DnsStatus::no_such_name;
    } else if (result.rcode == 0) {
        answer.status = DnsStatus::no_data;
    } else {
        answer.problem = problem_of(result);
    }
    return answer;
}

} // namespace

// Lives as long as the resolver and every lookup.
class DnsResolver::Impl : public std::enable_shared_from_this<Impl> {
public:
    // A question on its way. libunbound goes on with it, its retries and all, also when nobody
    // waits for it any more: so it counts, and stays here, until the answer has come.
    struct Pending {
        Impl& impl;
        DnsType type;
        std::string zone;
        DnsAnswer answer{};
        Event done{};
    };

    Impl(boost::asio::io_context& io, DnsContext context, std::size_t max_pending)
        : context_(std::move(context)),
          descriptor_(io.get_executor()),
          max_pending_(max_pending),
          places_(std::max<std::size_t>(max_pending / kZoneShare, 1)) {
        // A duplicate: the context closes its own.
        descriptor_.assign(::fcntl(ub_fd(context_.get()), F_DUPFD_CLOEXEC, 0));
    }

    // What came while nobody waited is taken in first.
    bool is_full() {
        if (pending_.size() >= max_pending_) process();
        return pending_.size() >= max_pending_;
    }

    // Why it could not be asked; empty: it was.
    std::string begin(const DnsQuestion& question, std::shared_ptr<Pending>& out) {
        if (is_full()) return "too many questions at once";
        if (is_closed()) return ub_strerror(UB_PIPE);
        auto pending = std::make_shared<Pending>(*this, question.type, zone_of(question.name));
        if (!places_.take(pending->zone))
            return "too many questions about " + pending->zone + " at once";
        const auto name = escape_name(question.name);
        int id = 0;
        const int error =
            ub_resolve_async(context_.get(), name.c_str(), static_cast<int>(question.type),
                             kClassIn, pending.get(), on_result, &id);
        if (error != 0) {
            places_.give_back(pending->zone);
            return ub_strerror(error);
        }
        pending_.emplace(pending.get(), pending);
        out = std::move(pending);
        return {};
    }

    void begin_waiting() {
        ++waiting_;
        listen();
    }
    void end_waiting() {
        if (--waiting_ > 0) return;
        boost::system::error_code ignored;
        descriptor_.cancel(ignored); // an io_context without questions comes to its end
    }

    void close() {
        boost::system::error_code ignored;
        descriptor_.close(ignored);
    }
    bool is_closed() const { return !descriptor_.is_open(); }

private:
    static void on_result(void* data, int error, ub_result* result) {
        const Answered answered(result);
        auto& impl = static_cast<Pending*>(data)->impl;
        const auto found = impl.pending_.extract(static_cast<Pending*>(data));
        auto& pending = *found.mapped();
        impl.places_.give_back(pending.zone);
        if (error != 0 || !answered)
            pending.answer.problem = ub_strerror(error);
        else
            pending.answer = answer_of(pending.type, *answered);
        pending.done.notify();
    }

    void listen() {
        if (is_listening_ || is_closed()) return;
        is_listening_ = true;
        descriptor_.async_wait(decltype(descriptor_)::wait_read,
                               [self = shared_from_this()](const boost::system::error_code& error) {
                                   self->on_readable(!error);
                               });
    }
    void on_readable(bool is_readable) {
        is_listening_ = false;
        if (is_closed()) return;
        if (is_readable) process();
        if (waiting_ > 0) listen();
    }

    // When libunbound's thread is gone there will be no answers any more.
    void process() {
        if (is_closed()) return;
        const int error = ub_process(context_.get());
        if (error == 0) return;
        log::error("dns_process", {{"error", ub_strerror(error)}});
        close();
        for (const auto& [key, pending] : std::exchange(pending_, {})) {
            places_.give_back(pending->zone);
            pending->answer.problem = ub_strerror(error);
            pending->done.notify();
        }
    }

    std::unordered_map<Pending*, std::shared_ptr<Pending>> pending_; // outlives the context
    DnsContext context_;
    boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
    std::size_t waiting_ = 0;
    std::size_t max_pending_;
    ZonePlaces places_;
    bool is_listening_ = false;
};

namespace {

// Who waits is counted, also when the coroutine is destroyed while it does.
template <class Impl> class Waiting {
public:
    explicit Waiting(Impl& impl) : impl_(impl) { impl_.begin_waiting(); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { impl_.end_waiting(); }

private:
    Impl& impl_;
};

DnsAnswer no_answer(DnsStatus status, std::string problem) {
    DnsAnswer answer;
    answer.status = status;
    answer.problem = std::move(problem);
    return answer;
}

} // namespace

DnsResolver::DnsResolver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
DnsResolver::~DnsResolver() { impl_->close(); }
bool DnsResolver::has_failed() const { return impl_->is_closed(); }

Result<void> DnsResolver::check(const DnsOptions& options) {
    const auto context = make_dns_context(options);
    if (!context) return std::unexpected(context.error());
    return {};
}

Result<std::unique_ptr<DnsResolver>> DnsResolver::create(boost::asio::io_context& io,
                                                         const DnsOptions& options) {
    auto context = make_dns_context(options);
    if (!context) return std::unexpected(context.error());
    auto impl = std::make_shared<Impl>(io, std::move(*context), options.max_pending);
    return std::unique_ptr<DnsResolver>(new DnsResolver(std::move(impl)));
}

Task<DnsAnswer> DnsResolver::lookup(DnsQuestion question, std::chrono::milliseconds timeout) {
    const auto impl = impl_;
    if (!is_dns_name(question.name)) co_return no_answer(DnsStatus::no_such_name, "not a name");
    std::shared_ptr<Impl::Pending> pending;
    if (auto problem = impl->begin(question, pending); !problem.empty())
        co_return no_answer(DnsStatus::temporary_failure, std::move(problem));
    const Waiting waiting(*impl);
    const bool is_answered = co_await pending->done.wait(timeout);
    if (!is_answered) co_return no_answer(DnsStatus::temporary_failure, "no answer in time");
    co_return std::move(pending->answer);
}

} // namespace maild::net
