#pragma once
// SMTP's, submission's and LMTP's view of this host, in a worker: addresses and logins are asked of
// `auth`, messages go to `store`. Success of accept() means that the store has answered, that is
// stable storage (DESIGN §1.1).

#include "daemon/authenticator.hpp"
#include "daemon/client_meter.hpp"
#include "daemon/config.hpp"
#include "daemon/dkim_signer.hpp"
#include "daemon/host_users.hpp"
#include "daemon/reception.hpp"
#include "daemon/submission.hpp"

#include "maild/base/clock.hpp"
#include "maild/delivery/local.hpp"
#include "maild/directory/directory.hpp"
#include "maild/smtp/backend.hpp"
#include "maild/store/message_store.hpp"

namespace maild::daemon {

class SmtpBackend final : public smtp::Backend {
public:
    // All outlive the backend; set_config() after a reload.
    SmtpBackend(directory::Directory& directory, store::MessageStore& store,
                net::Resolver& resolver, const Clock& clock, const Config& config)
        : directory_(directory),
          authenticator_(directory, directory::Service::submission),
          store_(store),
          reception_(resolver, clock),
          submission_(directory, clock),
          signer_(directory),
          clock_(clock),
          config_(&config) {}
    void set_config(const Config& config) { config_ = &config; }
    // Without one, clients bring what they like. Outlives the backend.
    void set_meter(ClientMeter& meter) { meter_ = &meter; }
    // Whose mail is root's where it has no address of its own; none without.
    void set_host_users(const HostUsers& users) { host_users_ = &users; }

    auth::Authenticator& authenticator() override { return authenticator_; }
    net::Task<Result<void, smtp::Refusal>> verify_sender(const smtp::Client& client,
                                                         const smtp::Mail& mail) override;
    net::Task<Result<std::unique_ptr<smtp::Route>, smtp::Refusal>>
    verify_recipient(const smtp::Client& client, const smtp::Envelope& envelope,
                     const smtp::Rcpt& rcpt) override;
    net::Task<void> look_up(const smtp::Client& client, const smtp::Envelope& envelope,
                            std::vector<smtp::Rcpt> rcpts) override;
    net::Task<std::vector<Result<void, smtp::Refusal>>>
    accept(const smtp::Client& client, smtp::Envelope& envelope,
           const smtp::Content& content) override;

private:
    bool may_relay(const smtp::Client& client) const;
    net::Task<Result<void, smtp::Refusal>> verify_local_sender(const smtp::Client& client,
                                                               const smtp::Mail& mail);
    net::Task<Result<directory::Resolution>> resolve(const smtp::Client& client,
                                                     const smtp::Rcpt& rcpt);
    // What RCPT takes from other processes.
    struct Found {
        Result<directory::Resolution> resolution;
        Result<void> room{}; // of an accepted one that stays here
    };
    class FoundAhead;
    net::Task<Found> find(const smtp::Client& client, const smtp::Rcpt& rcpt, std::uint64_t size);
    net::Task<void> find_into(const smtp::Client& client, const smtp::Rcpt& rcpt,
                              std::uint64_t size, std::optional<Found>& out);
    bool may_prioritize(const smtp::Client& client) const;
    net::Task<Result<void>> check_room(const directory::Resolution& resolution, std::uint64_t size);
    net::Task<Result<void>> choose_queue(const smtp::Client& client,
                                         delivery::Transaction& transaction);
    net::Task<Result<void>> choose_sender(const smtp::Client& client,
                                          delivery::Transaction& transaction);
    // One result for each recipient, and of which the sender wants to hear.
    struct Delivered {
        std::vector<Result<void>> results;
        std::vector<delivery::DsnRecipient> successes;
        std::vector<std::vector<trace::Place>> places; // for the trace
    };
    // What was found out before; null where nothing was asked.
    struct Findings {
        const SenderChecks* checks = nullptr;
        const Submitted* submitted = nullptr;
    };
    // What is submitted, as it will be: its DKIM signatures.
    net::Task<Result<std::string, smtp::Refusal>>
    sign(const smtp::Client& client, std::string_view above, std::string_view content);
    net::Task<Delivered> deliver(const smtp::Client& client, smtp::Envelope& envelope,
                                 const smtp::Content& content, Findings findings);
    net::Task<Delivered> carry_out(const smtp::Client& client, delivery::Transaction transaction,
                                   const smtp::Content& content);

    // smtp_meter.cpp: what strangers bring to port 25
    std::optional<net::IpAddress> metered(const smtp::Client& client) const;
    net::Task<Result<void, smtp::Refusal>> count_message(const smtp::Client& client);
    net::Task<Result<void, smtp::Refusal>> count_recipient(const smtp::Client& client);
    std::unexpected<smtp::Refusal> refuse_recipient(const smtp::Client& client,
                                                    smtp::Refusal refusal);

    // smtp_report.cpp
    bool may_report(const smtp::Client& client, const smtp::Envelope& envelope,
                    const SenderChecks* checks) const;
    net::Task<void> report(const smtp::Client& client, const smtp::Envelope& envelope,
                           std::string_view header, std::vector<delivery::DsnRecipient> successes);

    directory::Directory& directory_;
    Authenticator authenticator_;
    store::MessageStore& store_;
    Reception reception_;
    Submission submission_;
    DkimSigner signer_;
    const Clock& clock_;
    const Config* config_;
    ClientMeter* meter_ = nullptr;
    const HostUsers* host_users_ = nullptr;
};

} // namespace maild::daemon
