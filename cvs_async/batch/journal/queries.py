"""The queries of a journal's readers."""

from __future__ import annotations

from .records import COLUMNS, PERMANENT

_SESSION = "o.number, o.at, o.folder, o.operation, o.parameters"
SESSIONS = f"SELECT {_SESSION} FROM openings o ORDER BY number"  # noqa: S608
FILES = f"""
SELECT s.name, s.files, {_SESSION} FROM sources d JOIN sources s ON s.document = d.id
LEFT JOIN openings o ON o.number = (SELECT number FROM openings WHERE after < s.id ORDER BY number DESC LIMIT 1)
WHERE d.key = ? AND d.document = d.id ORDER BY s.id
"""  # noqa: S608
OPERATIONS = "SELECT operation FROM sources GROUP BY operation ORDER BY min(id)"
SOURCES = "SELECT count(*), count(*) FILTER (WHERE document = id), min(claimed_at) FROM sources"
# Beside max(), the other columns are those of the row with the greatest number.
STATES = f"""
SELECT CASE
  WHEN last IS NULL THEN 'sent' WHEN billed THEN 'billed' WHEN in_doubt AND NOT refused THEN 'unknown' ELSE last
END, count(*), total(answered)
FROM (
  SELECT max(number), charge AS last, total(charge = 'billed') AS billed,
    total(coalesce(charge, 'unknown') = 'unknown') AS in_doubt,
    charge IS NOT NULL AND error IS NULL AS answered,
    charge = 'free' AND error IN ({", ".join(f"'{name}'" for name in sorted(PERMANENT))}) AS refused
  FROM requests GROUP BY document
)
GROUP BY 1
"""  # noqa: S608
IN_FLIGHT = """
(charge IS NULL AND opening IS ?
 AND NOT EXISTS (SELECT 1 FROM requests l WHERE l.document = r.document AND l.number > r.number))
"""
REQUESTS = f"""
SELECT max(coalesce(ended_at, sent_at)), count(*) FILTER (WHERE charge = 'billed'),
  count(*) FILTER (WHERE charge = 'free'), count(*) FILTER (WHERE {IN_FLIGHT}), count(*)
FROM requests r
"""  # noqa: S608
SOURCES_PAGE = f"""
SELECT s.id, s.name, s.reference, {COLUMNS}
FROM (SELECT * FROM sources WHERE id > ? ORDER BY id LIMIT ?) s
JOIN sources d ON d.id = s.document LEFT JOIN requests r ON r.document = d.id
ORDER BY s.id, r.number
"""  # noqa: S608
REQUESTS_BY_DAY = f"""
SELECT {{day}}(r.sent_at), d.operation, d.key, r.check_sum, r.sent_at, r.ended_at, coalesce(r.charge, 'unknown'),
  CASE r.charge WHEN 'free' THEN coalesce(r.code, r.error, 'none') END, d.id
FROM requests r JOIN sources d ON d.id = r.document WHERE NOT {IN_FLIGHT}
ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608
BILLED = """
SELECT d.operation, count(*) FROM requests r JOIN sources d ON d.id = r.document WHERE r.charge = 'billed' GROUP BY 1
"""
KEYS = "SELECT key FROM sources WHERE document = id ORDER BY key"
NAMES = """
SELECT name, reference FROM (
  SELECT id, name, reference FROM sources WHERE id = ?
  UNION ALL SELECT id, name, reference FROM sources WHERE document = ? AND document <> id
) ORDER BY id
"""
