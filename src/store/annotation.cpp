#include "maild/store/annotation.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>

namespace maild::store {
namespace {

constexpr std::array<std::string_view, 2> kScopes = {"/private", "/shared"};

bool is_name_char(char c) {
    return !ascii::is_control(c) && !ascii::is_8bit(c) && !ascii::is_upper(c) && c != '*' &&
           c != '%';
}

bool is_below(std::string_view name, std::string_view level) {
    return name.size() > level.size() && name.starts_with(level) && name[level.size()] == '/';
}

std::ptrdiff_t components(std::string_view name) { return std::ranges::count(name, '/'); }

} // namespace

bool is_annotation_level(std::string_view name) {
    const auto is_in = [name](std::string_view scope) {
        return name == scope || is_below(name, scope);
    };
    return name.size() <= kMaxAnnotationName && std::ranges::all_of(name, is_name_char) &&
           !name.ends_with('/') && !name.contains("//") && std::ranges::any_of(kScopes, is_in);
}

// RFC 5464 §3.2: two components, and four in the vendors' part.
bool is_annotation_name(std::string_view name) {
    if (!is_annotation_level(name) || components(name) < 2) return false;
    const auto in_scope = name.substr(name.find('/', 1));
    const bool is_of_vendor = in_scope == "/vendor" || is_below(in_scope, "/vendor");
    return !is_of_vendor || components(name) >= 4;
}

bool matches(const AnnotationQuery& query, std::string_view name) {
    return std::ranges::any_of(query.names, [&](const std::string& asked) {
        if (name == asked) return true;
        if (query.depth == Depth::itself || !is_below(name, asked)) return false;
        return query.depth == Depth::all || !name.substr(asked.size() + 1).contains('/');
    });
}

Result<void> check_change(const AnnotationChange& change) {
    if (change.entries.size() > 2 * kMaxAnnotations) return fail(Errc::limit_exceeded);
    for (const auto& [name, value] : change.entries) {
        if (!is_annotation_name(name)) return fail(Errc::invalid_argument, "name of an annotation");
        if (value && value->size() > kMaxAnnotationValue) return fail(Errc::too_large);
    }
    return {};
}

std::vector<std::string> changed_names(const AnnotationChange& change) {
    std::vector<std::string> names;
    for (const auto& entry : change.entries) names.push_back(entry.name);
    if (change.use) names.emplace_back(kSpecialUseEntry);
    std::ranges::sort(names);
    const auto doubles = std::ranges::unique(names);
    names.erase(doubles.begin(), doubles.end());
    return names;
}

} // namespace maild::store
