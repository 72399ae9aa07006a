#include "api/snowflake/sessions.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "telemetry/log.hpp"

namespace coatcheck::api::snowflake {

namespace {

constexpr std::size_t files_read_per_sweep = 1'000;

bool same_word(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

// Returns the token within `Snowflake Token="…"`, with or without the quotes; empty if it has not that form.
std::string_view token_of(std::string_view authorization) {
  constexpr std::string_view scheme = "snowflake token=";
  if (!same_word(authorization.substr(0, scheme.size()), scheme)) return {};
  authorization.remove_prefix(scheme.size());
  if (authorization.size() >= 2 && authorization.front() == '"' && authorization.back() == '"') {
    authorization.remove_prefix(1);
    authorization.remove_suffix(1);
  }
  return authorization;
}

void log_trouble(std::string_view event, std::uint64_t session, const Error& error) {
  telemetry::error(event, {{"session_id", session}, {"error", error.message}, {"detail", error.detail}});
}

}  // namespace

Sessions::Sessions(Signer signer, SessionFiles files, ClosedSessions closed, const Clock& clock, async::Pool& disk,
                   const principals::Keyring* keyring, QueriesOfSession queries_of, SessionOptions options)
    : signer_(std::move(signer)),
      files_(std::move(files)),
      closed_(std::move(closed)),
      clock_(clock),
      disk_(disk),
      keyring_(keyring),
      queries_of_(std::move(queries_of)),
      options_(options) {}

Result<std::unique_ptr<Sessions>> Sessions::open(const std::filesystem::path& data_directory, Files& files,
                                                 const Clock& clock, async::Pool& disk,
                                                 const principals::Keyring* keyring, QueriesOfSession queries_of,
                                                 SessionOptions options) {
  auto signer = Signer::open(data_directory / "snowflake.secret", files);
  if (!signer) return std::move(signer).error();
  const std::filesystem::path directory = data_directory / "sessions";
  auto session_files = SessionFiles::open(directory, files);
  if (!session_files) return std::move(session_files).error();
  auto closed = ClosedSessions::open(directory, files, clock.now(), options.closed_max);
  if (!closed) return std::move(closed).error();
  return std::unique_ptr<Sessions>(new Sessions(*std::move(signer), *std::move(session_files), *std::move(closed),
                                                clock, disk, keyring, std::move(queries_of), options));
}

async::Task<Result<Tokens, SnowflakeError>> Sessions::login(Identity identity, SessionState initial) {
  if (auto checked = check_limits(initial); !checked) co_return std::move(checked).error();
  const auto id = new_id();
  if (!id) co_return from_error(id.error());

  Token token{.session = *id, .identity = identity};
  auto session = std::make_shared<Session>(*id, std::move(identity), initial, true, options_.queries_max);
  if (initial != SessionState{}) {
    std::string text = write_state(initial);
    if (text.size() <= token_initial_bytes_max) {
      token.initial = std::move(text);
    } else {
      auto stored = co_await store(session, std::move(initial));
      if (!stored) co_return std::move(stored).error();
    }
  }
  keep(std::move(session));
  co_return make_tokens(std::move(token));
}

async::Task<Result<std::shared_ptr<Session>, SnowflakeError>> Sessions::enter(std::string authorization) {
  if (authorization.empty()) co_return missing_token();
  auto token = signer_.read(TokenKind::session, token_of(authorization), clock_.now());
  if (!token) co_return token.error() == TokenFault::expired ? session_expired() : unusable_token();
  if (is_over(*token)) co_return session_gone();
  if (auto session = find(token->session)) co_return session;
  co_return co_await revive(*std::move(token));
}

std::shared_ptr<Session> Sessions::known(std::uint64_t id, const std::string& principal) {
  auto session = find(id);
  return session && session->principal().name == principal ? session : nullptr;
}

async::Task<Result<Tokens, SnowflakeError>> Sessions::renew(std::string authorization, std::string old_session_token) {
  if (authorization.empty()) co_return missing_master_token();
  auto token = signer_.read(TokenKind::master, token_of(authorization), clock_.now());
  if (!token) co_return token.error() == TokenFault::expired ? master_token_expired() : invalid_master_token();
  if (is_over(*token)) co_return session_gone();
  // The master token is what counts; but a client that has mixed up two sessions is told.
  const auto old = signer_.read(TokenKind::session, old_session_token, Timestamp::min());
  if (old && old->session != token->session) co_return invalid_master_token();
  if (files_.contains(token->session)) {
    auto extended = co_await extend(*token);
    if (!extended) co_return std::move(extended).error();
  }
  co_return make_tokens(*std::move(token));
}

async::Task<Result<void, SnowflakeError>> Sessions::close(std::shared_ptr<Session> session) {
  const std::uint64_t id = session->id();
  session->closed_ = true;
  forget(id);
  // No token that is about was made later than now.
  auto added = co_await closed_.add(id, clock_.now() + options_.master_token_life, disk_);
  if (!added) {
    log_trouble("session_close_failed", id, added.error());
    co_return from_error(added.error());
  }
  // A change that is under way ends first, and none begins any more.
  const Turn::Held held = co_await session->turn_.take();
  if (!files_.contains(id)) co_return Result<void, SnowflakeError>::ok();
  auto remove = [this, id] { return files_.remove(id); };
  auto removed = co_await disk_.run(std::move(remove));
  // One that stays is removed when its tokens have expired.
  if (removed) files_.forget(id);
  co_return Result<void, SnowflakeError>::ok();
}

async::Task<Result<void, SnowflakeError>> Sessions::change(std::shared_ptr<Session> session, Edit edit) {
  const Turn::Held held = co_await session->turn_.take();
  if (session->closed_) co_return session_gone();
  SessionState next = session->state();
  if (auto edited = edit(next); !edited) co_return std::move(edited).error();
  if (next == session->state()) co_return Result<void, SnowflakeError>::ok();
  if (auto checked = check_limits(next); !checked) co_return std::move(checked).error();
  auto stored = co_await store(session, next);
  if (!stored) co_return std::move(stored).error();
  session->state_ = std::move(next);
  co_return Result<void, SnowflakeError>::ok();
}

async::Task<Result<std::optional<QueryId>, SnowflakeError>> Sessions::last_query(std::shared_ptr<Session> session,
                                                                                 std::int64_t index) {
  if (session->needs_filling(index)) {
    std::vector<QueryId> earlier;
    if (queries_of_) {
      auto ids = co_await queries_of_(session->id(), options_.queries_max);
      if (!ids) co_return from_error(ids.error());
      earlier = *std::move(ids);
    }
    session->fill(earlier);
  }
  co_return session->query(index);
}

async::Task<void> Sessions::sweep() {
  const Timestamp now = clock_.now();
  forget_idle(now);
  co_await closed_.sweep(now, disk_);
  co_await read_some_files(now);
  co_await remove_expired_files(now);
}

// Whether the session of a good token is over nevertheless.
bool Sessions::is_over(const Token& token) const {
  if (closed_.contains(token.session)) return true;
  return keyring_ != nullptr && !keyring_->is_good(token.identity.credential);
}

Result<std::uint64_t> Sessions::new_id() const {
  for (;;) {
    std::uint64_t random = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random) != 1) {
      return Error{Errc::unavailable, "the system gives no random bytes for a session"};
    }
    const std::uint64_t id = random & session_id_max;
    if (id != 0 && !sessions_.contains(id) && !files_.contains(id) && !closed_.contains(id)) return id;
  }
}

Tokens Sessions::make_tokens(Token about) const {
  Tokens tokens{.session_id = about.session,
                .session_token_life = options_.session_token_life,
                .master_token_life = options_.master_token_life};
  about.issued = std::chrono::floor<std::chrono::seconds>(clock_.now());
  about.expires = about.issued + options_.session_token_life;
  tokens.session_token = signer_.make(TokenKind::session, about);
  about.expires = about.issued + options_.master_token_life;
  tokens.master_token = signer_.make(TokenKind::master, about);
  return tokens;
}

// Makes a session again of which only the token, and perhaps a file, is left.
async::Task<Result<std::shared_ptr<Session>, SnowflakeError>> Sessions::revive(Token token) {
  const std::uint64_t id = token.session;
  SessionState state;
  if (files_.contains(id)) {
    auto read = [this, id] { return files_.read(id); };
    auto stored = co_await disk_.run(std::move(read));
    // Meanwhile somebody else may have revived it, or closed it.
    if (auto session = find(id)) co_return session;
    if (is_over(token)) co_return session_gone();
    if (!stored || stored->principal != token.identity.principal.name) {
      if (!stored) log_trouble("session_file_unreadable", id, stored.error());
      // To go on with another state than the client knows would be worse than a new login.
      co_return session_gone();
    }
    files_.note_read(id, stored->expires);
    state = std::move(stored->state);
  } else if (!token.initial.empty()) {
    auto initial = read_state(token.initial);
    if (!initial) co_return unusable_token();
    state = *std::move(initial);
  }
  auto session =
      std::make_shared<Session>(id, std::move(token.identity), std::move(state), false, options_.queries_max);
  keep(session);
  co_return session;
}

std::shared_ptr<Session> Sessions::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  used_.front()->used_at_ = clock_.now();
  return used_.front();
}

void Sessions::keep(std::shared_ptr<Session> session) {
  session->used_at_ = clock_.now();
  const std::uint64_t id = session->id();
  used_.push_front(std::move(session));
  sessions_[id] = used_.begin();
  // One that somebody holds stays, so that no session is ever there twice. It is used: so it is moved to the front.
  for (std::size_t tries = 0; sessions_.size() > options_.in_memory_max && tries != 16; ++tries) {
    const auto last = std::prev(used_.end());
    if (last->use_count() == 1)
      forget((*last)->id());
    else
      used_.splice(used_.begin(), used_, last);
  }
}

void Sessions::forget(std::uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  used_.erase(found->second);
  sessions_.erase(found);
}

void Sessions::forget_idle(Timestamp now) {
  for (auto at = used_.end(); at != used_.begin();) {
    const auto last = std::prev(at);
    if ((*last)->used_at_ + options_.session_token_life > now) return;
    if (last->use_count() == 1)
      forget((*last)->id());
    else
      at = last;
  }
}

async::Task<Result<void, SnowflakeError>> Sessions::store(std::shared_ptr<Session> session, SessionState state) {
  const std::uint64_t id = session->id();
  if (!files_.contains(id) && files_.count() >= options_.stored_max) {
    co_return SnowflakeError{"990002", "53000", "Too many sessions have set something; try again later.", 0};
  }
  // No token that is about was made later than now, so none expires later than this.
  const StoredSession stored{id, session->principal().name, clock_.now() + options_.master_token_life,
                             std::move(state)};
  auto write = [this, &stored] { return files_.write(stored); };
  auto written = co_await disk_.run(std::move(write));
  if (!written) {
    log_trouble("session_store_failed", id, written.error());
    co_return from_error(written.error());
  }
  files_.note(id, stored.expires);
  co_return Result<void, SnowflakeError>::ok();
}

// Keeps the session's file for as long as the tokens that are about to be made are good.
async::Task<Result<void, SnowflakeError>> Sessions::extend(Token token) {
  std::shared_ptr<Session> session = find(token.session);
  if (!session) {
    auto revived = co_await revive(std::move(token));
    if (!revived) co_return std::move(revived).error();
    session = *std::move(revived);
  }
  const Turn::Held held = co_await session->turn_.take();
  if (session->closed_) co_return session_gone();
  SessionState state = session->state();
  co_return co_await store(session, std::move(state));
}

// Finds out when files that were there at the start expire.
async::Task<void> Sessions::read_some_files(Timestamp now) {
  const std::vector<std::uint64_t> ids = files_.unread(files_read_per_sweep);
  if (ids.empty()) co_return;
  auto read = [this, &ids] {
    std::vector<Result<StoredSession>> found;
    found.reserve(ids.size());
    for (const std::uint64_t id : ids) found.push_back(files_.read(id));
    return found;
  };
  const auto found = co_await disk_.run(std::move(read));
  for (std::size_t i = 0; i != ids.size(); ++i) {
    if (found[i]) {
      files_.note_read(ids[i], found[i]->expires);
    } else {
      log_trouble("session_file_unreadable", ids[i], found[i].error());
      // Nobody can go on with it: kept for as long as its tokens may be good, then removed.
      files_.note_read(ids[i], now + options_.master_token_life);
    }
  }
}

async::Task<void> Sessions::remove_expired_files(Timestamp now) {
  std::vector<std::uint64_t> ids = files_.expired(now);
  // A session in memory may be in a change that began in time.
  std::erase_if(ids, [this](std::uint64_t id) { return sessions_.contains(id); });
  if (ids.empty()) co_return;
  auto remove = [this, &ids] {
    std::vector<bool> removed;
    removed.reserve(ids.size());
    for (const std::uint64_t id : ids) removed.push_back(static_cast<bool>(files_.remove(id)));
    return removed;
  };
  const std::vector<bool> removed = co_await disk_.run(std::move(remove));
  for (std::size_t i = 0; i != ids.size(); ++i) {
    if (removed[i]) files_.forget(ids[i]);
  }
}

}  // namespace coatcheck::api::snowflake
