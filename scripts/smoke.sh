#!/usr/bin/env bash
# The whole life of a connection, with curl and nothing else: for debugging a bridge, or whatever stands in front of it.
# Creates a person and a group of its own names, and deletes both at the end.
#
#   scripts/smoke.sh URL TOKEN          URL up to /scim/v2, TOKEN the secret of a caller
#
# SMOKE_EMAIL=…   address of the person; an address of example.com, where no mail arrives, when absent
# SMOKE_YES=1     asks nothing; needed where nobody can answer and the bridge is not on this machine
set -euo pipefail

if [[ $# -ne 2 ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
fi
command -v curl > /dev/null || { echo 'curl is not installed.' >&2; exit 2; }
base=$1
while [[ $base == */ ]]; do base=${base%/}; done
token=$2
run="smoke-$$-$RANDOM"
email=${SMOKE_EMAIL:-$run@example.com}
user=urn:ietf:params:scim:schemas:core:2.0:User
group=urn:ietf:params:scim:schemas:core:2.0:Group
patch=urn:ietf:params:scim:api:messages:2.0:PatchOp
person_id=
group_id=

if [[ ! $email =~ ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$ ]]; then
  echo 'SMOKE_EMAIL has to be a plain e-mail address.' >&2
  exit 2
fi
if [[ ! $base =~ ^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$) && ${SMOKE_YES:-} != 1 ]]; then
  echo "This gives $email access to the Confluence site behind $base, takes it away, creates a group and deletes it."
  answer=
  [[ -t 0 ]] && read -r -p 'Type yes to go on: ' answer
  [[ $answer == yes ]] || { echo 'Nothing was sent. Set SMOKE_YES=1 to go on without the question.' >&2; exit 2; }
fi

# send METHOD PATH [BODY]: sets $status and $answer. The token goes by a file descriptor, so that no process list shows it.
send() {
  local reply
  local -a body=()
  [[ $# -eq 3 ]] && body=(--header 'Content-Type: application/scim+json' --data-binary "$3")
  # An empty list counts as unset in bash 3.2, which macOS has.
  reply=$(curl --silent --show-error --globoff --max-time 65 --noproxy 127.0.0.1,localhost \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") --header 'Accept: application/scim+json' \
    --write-out '\n%{http_code}' --request "$1" ${body[@]+"${body[@]}"} "$base$2") ||
    { echo "FAILED  $1 $2: no answer from $base" >&2; return 1; }
  status=${reply##*$'\n'}
  answer=${reply%$'\n'*}
}

# expect STATUSES WHAT METHOD PATH [BODY]: sends and stops at a status that is none of "200|204". "Later" is asked again.
expect() {
  local wanted=$1 what=$2 attempt
  shift 2
  for attempt in 1 2 3 4 5 6; do
    send "$@"
    [[ $status == 503 || $status == 429 ]] || break
    echo "  $status   $what: not yet, trying again in 5 s (attempt $attempt)"
    sleep 5
  done
  if [[ "|$wanted|" != *"|$status|"* ]]; then
    echo "FAILED  $what: $1 $2 was answered $status instead of ${wanted//|/ or }" >&2
    echo "        $answer" >&2
    return 1
  fi
  echo "  $status   $what"
}

# holds TEXT: the last answer contains it.
holds() {
  [[ $answer == *"$1"* ]] || { echo "FAILED  the answer lacks $1: $answer" >&2; return 1; }
}

first_id() {
  [[ $answer =~ \"id\":\"([^\"]+)\" ]] || { echo "FAILED  the answer has no id: $answer" >&2; return 1; }
  id=${BASH_REMATCH[1]}
}

# Whatever was created is deleted, also after a failure.
clean_up() {
  local code=$?
  [[ -z $group_id ]] || send DELETE "/Groups/$group_id" || true
  [[ -z $person_id ]] || send DELETE "/Users/$person_id" || true
  exit "$code"
}
trap clean_up EXIT

operations() { printf '{"schemas":["%s"],"Operations":[%s]}' "$patch" "$1"; }

by_name=${email//@/%40}
by_name="/Users?filter=userName%20eq%20%22${by_name//+/%2B}%22"

echo "$base"
expect 200 'service provider configuration' GET /ServiceProviderConfig
holds '"patch":{"supported":true}'
expect 200 'resource types' GET /ResourceTypes
expect 501 'schema discovery is not supported' GET /Schemas
expect 200 'connection test: a page of users' GET '/Users?startIndex=1&count=2'
expect 200 'look-up: nobody yet' GET "$by_name"
holds '"totalResults":0'
body=$(printf '{"schemas":["%s"],"userName":"%s","name":{"givenName":"Smoke","familyName":"Test"},"emails":[{"value":"%s","type":"work","primary":true}],"active":true}' "$user" "$email" "$email")
expect 201 'create the person' POST /Users "$body"
first_id; person_id=$id
expect 409 'create the same person again' POST /Users "$body"
expect 200 'look-up: found' GET "$by_name"
holds "\"id\":\"$person_id\""
expect 200 'read the person' GET "/Users/$person_id"
holds '"active":true'
expect '501|200' 'change a profile attribute by PATCH (200 with PROFILE_UPDATES=record)' PATCH "/Users/$person_id" "$(operations '{"op":"replace","path":"displayName","value":"Nobody Else"}')"
expect 201 'create the group' POST /Groups "{\"schemas\":[\"$group\"],\"displayName\":\"$run\"}"
first_id; group_id=$id
expect 204 'add the person to the group' PATCH "/Groups/$group_id" "$(operations "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"$person_id\"}]}")"
expect 200 'read the group' GET "/Groups/$group_id"
holds "\"value\":\"$person_id\""
expect 204 'remove the person from the group' PATCH "/Groups/$group_id" "$(operations "{\"op\":\"remove\",\"path\":\"members[value eq \\\"$person_id\\\"]\"}")"
expect 200 'deactivate' PATCH "/Users/$person_id" "$(operations '{"op":"replace","value":{"active":false}}')"
holds '"active":false'
expect 200 'reactivate' PATCH "/Users/$person_id" "$(operations '{"op":"replace","value":{"active":true}}')"
holds '"active":true'
expect '204|403' 'delete the group (403 with GROUP_DELETE=never)' DELETE "/Groups/$group_id"
[[ $status == 204 ]] || echo "        The group $run stays. Delete it in Atlassian administration."
group_id=
expect 204 'delete the person' DELETE "/Users/$person_id"
gone=$person_id
person_id=
expect 404 'the person is gone' GET "/Users/$gone"
token=not-the-token-of-anybody
expect 401 'a wrong token' GET '/Users?count=1'
echo 'All as it should be.'
