#include "store/batch.hpp"

#include "store/pass.hpp"

namespace maild::store {

std::uint32_t header_size_of(std::string_view content) {
    if (content.starts_with("\r\n")) return 2;
    const auto end = content.find("\r\n\r\n");
    return static_cast<std::uint32_t>(end == content.npos ? content.size() : end + 4);
}

namespace {

constexpr std::size_t kBorrowed = 128 * 1024; // octets; fewer are copied sooner than thought about

std::shared_ptr<const BodySource> body_of(const MessageSource& source, bool is_copied) {
    auto body = std::make_shared<BodySource>();
    if (is_copied) body->own = source.content;
    body->content = is_copied ? std::string_view(body->own) : source.content;
    body->structure = source.structure;
    body->header_size = header_size_of(source.content);
    return body;
}

} // namespace

std::shared_ptr<const BodySource> make_body(const MessageSource& source) {
    return body_of(source, true);
}

std::shared_ptr<const BodySource> borrow_body(const MessageSource& source) {
    return body_of(source, source.content.size() <= kBorrowed);
}

Result<PendingBody*> Batch::add_body(std::shared_ptr<const BodySource> source) {
    const auto id = next_body_++;
    const auto& s = source->structure;
    auto done = database.execute("INSERT INTO structure (body_id, envelope, body, body_structure, "
                                 "parts) VALUES (?1, ?2, ?3, ?4, ?5)",
                                 id, db::Blob{s.envelope}, db::Blob{s.body},
                                 db::Blob{s.body_structure}, db::Blob{s.parts});
    if (!done) return pass(done);
    bodies.push_back({id, std::move(source), {}, 0, {}});
    return &bodies.back();
}

void Batch::back_to(const Mark& mark) {
    delivered = mark.delivered;
    bodies.erase(bodies.begin() + static_cast<std::ptrdiff_t>(mark.bodies), bodies.end());
    news.erase(news.begin() + static_cast<std::ptrdiff_t>(mark.news), news.end());
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(mark.names), names.end());
    notes.erase(notes.begin() + static_cast<std::ptrdiff_t>(mark.notes), notes.end());
}

} // namespace maild::store
