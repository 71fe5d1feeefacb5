"""Earning rules, acts, tasks, badges, referrals, and what the catalogue says about goods."""

from alembic import op

from chassis.migrations import run_sql

revision = "0004"
down_revision = "0003"

SCHEMA = """
ALTER TABLE product ADD department text, ADD category text, ADD brand text;

CREATE TABLE earning_rule (
    rule_id text NOT NULL,
    version int NOT NULL,
    definition jsonb NOT NULL,
    in_force_from timestamptz NOT NULL,
    in_force_until timestamptz,
    written_by text NOT NULL,
    PRIMARY KEY (rule_id, version)
);
-- Grows with every change of a rule, a kind of act or a task: processes compare it.
CREATE TABLE earning_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO earning_version (version) VALUES (1);
CREATE TABLE rule_budget (rule_id text PRIMARY KEY, used bigint NOT NULL DEFAULT 0);
CREATE TABLE rule_use (
    rule_id text NOT NULL,
    member_id uuid NOT NULL,
    day date NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (rule_id, member_id, day)
);
CREATE INDEX rule_use_member ON rule_use (member_id);
CREATE TABLE member_tag (
    member_id uuid NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (member_id, tag)
);

CREATE TABLE act_kind (kind text PRIMARY KEY, definition jsonb NOT NULL);
CREATE TABLE act (
    kind text NOT NULL,
    ref text NOT NULL,
    member_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    day date NOT NULL,
    growth bigint NOT NULL,
    points bigint NOT NULL,
    streak int NOT NULL,
    badges text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (kind, ref)
);
CREATE INDEX act_member ON act (member_id, kind, day);
CREATE TABLE parked_act (
    kind text NOT NULL,
    ref text NOT NULL,
    holder text NOT NULL,
    occurred_at timestamptz NOT NULL,
    channel text,
    store text,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (kind, ref)
);
CREATE INDEX parked_act_holder ON parked_act (holder);
CREATE INDEX parked_act_age ON parked_act (parked_at);
CREATE TABLE identifier (index text PRIMARY KEY, member_id uuid NOT NULL);
CREATE TABLE device_sighting (
    device text NOT NULL,
    holder text NOT NULL,
    PRIMARY KEY (holder, device)
);
CREATE INDEX device_sighting_device ON device_sighting (device);

CREATE TABLE task (
    task_id text PRIMARY KEY,
    definition jsonb NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL
);
CREATE TABLE task_done (
    task_id text NOT NULL,
    member_id uuid NOT NULL,
    period date NOT NULL,
    done_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, member_id, period)
);
CREATE INDEX task_done_member ON task_done (member_id);
CREATE TABLE member_badge (
    member_id uuid NOT NULL,
    badge text NOT NULL,
    task_id text NOT NULL,
    earned_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, badge)
);
CREATE TABLE questionnaire (
    questionnaire_id text PRIMARY KEY,
    definition jsonb NOT NULL,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL
);
CREATE TABLE questionnaire_answer (
    questionnaire_id text NOT NULL,
    member_id uuid NOT NULL,
    answers jsonb NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (questionnaire_id, member_id)
);

CREATE TABLE enrolment (member_id uuid PRIMARY KEY, enrolled_at timestamptz NOT NULL);
CREATE TABLE referral_code (
    code text PRIMARY KEY,
    member_id uuid NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX referral_code_member ON referral_code (member_id);
CREATE TABLE referral (
    referral_id uuid PRIMARY KEY,
    referrer_id uuid NOT NULL,
    referred_id uuid NOT NULL,
    status text NOT NULL
        CHECK (status IN ('pending', 'review', 'refused', 'rewarded', 'reversed')),
    reasons text[] NOT NULL,
    attributed_at timestamptz NOT NULL,
    first_order_no text,
    purchased_at timestamptz,
    rewarded_at timestamptz,
    growth bigint NOT NULL DEFAULT 0,
    points bigint NOT NULL DEFAULT 0,
    decided_by text
);
CREATE INDEX referral_referred ON referral (referred_id);
CREATE INDEX referral_referrer ON referral (referrer_id, attributed_at);
CREATE INDEX referral_order ON referral (first_order_no) WHERE first_order_no IS NOT NULL;
CREATE INDEX referral_status ON referral (status, referral_id);
"""

_ANYWHEN = "2000-01-01T00:00:00Z"

# C1 and C3 of the programme. `streak_week` shows a bonus for seven days in a row; it is paused.
RULES = f"""
INSERT INTO earning_rule (rule_id, version, definition, in_force_from, written_by)
SELECT rule_id, 1, jsonb_build_object(
    'name', jsonb_build_object('zh', zh, 'en', en), 'on', deed, 'effect', effect::jsonb,
    'conditions', conditions::jsonb, 'limits', limits::jsonb, 'priority', 100,
    'stacking_group', null, 'valid_from', null, 'valid_until', null, 'paused', paused
), '{_ANYWHEN}', 'huiyuan'
FROM (VALUES
    ('spend_points', '消费得积分：每消费1元按等级倍数得分', 'Points for each yuan, by tier',
     'order',
     '{{"kind": "per_yuan", "gives": "points", "amount": 100, "by_tier": true}}', '[]', '{{}}',
     false),
    ('spend_growth', '消费得成长值：每满1元得1点', '1 growth for each whole yuan', 'order',
     '{{"kind": "per_yuan", "gives": "growth", "amount": 100}}', '[]', '{{}}', false),
    ('check_in', '每日签到', 'Daily check-in', 'check_in',
     '{{"kind": "fixed", "gives": "growth", "amount": 5}}', '[]', '{{}}', false),
    ('check_in_week', '连续签到7天奖励', 'Seven check-ins in a row', 'check_in',
     '{{"kind": "fixed", "gives": "growth", "amount": 10}}',
     '[{{"kind": "streak", "at_least": 7}}]', '{{}}', true),
    ('share', '分享商品或内容', 'Sharing', 'share',
     '{{"kind": "fixed", "gives": "growth", "amount": 20}}', '[]', '{{"per_day": 100}}', false),
    ('referral', '推荐好友首次购物', 'Bringing a friend who buys', 'referral',
     '{{"kind": "fixed", "gives": "growth", "amount": 50}}', '[]', '{{}}', false),
    ('questionnaire', '填写问卷', 'Answering a questionnaire', 'questionnaire',
     '{{"kind": "fixed", "gives": "growth", "amount": 10}}', '[]', '{{"per_day": 50}}', false),
    ('bring_back', '自带购物袋、回收包装', 'Bringing bags and packaging back', 'bring_back',
     '{{"kind": "fixed", "gives": "growth", "amount": 5}}', '[]', '{{"per_day": 10}}', false),
    ('recycle', '旧物回收', 'Recycling', 'recycle',
     '{{"kind": "fixed", "gives": "growth", "amount": 10}}', '[]', '{{"per_day": 30}}', false),
    ('social', '参加抖音等社交活动', 'Social activities, such as on Douyin', 'social',
     '{{"kind": "fixed", "gives": "growth", "amount": 10}}', '[]', '{{"per_day": 20}}', false)
) AS r (rule_id, zh, en, deed, effect, conditions, limits, paused);
INSERT INTO rule_budget (rule_id) SELECT rule_id FROM earning_rule;
"""

KINDS = """
INSERT INTO act_kind (kind, definition)
SELECT kind, jsonb_build_object(
    'name', jsonb_build_object('zh', zh, 'en', en), 'told_by', told_by,
    'events', events::jsonb, 'daily', daily, 'social', social)
FROM (VALUES
    ('check_in', '签到', 'Check-in', 'member', '["Checked In"]', true, false),
    ('share', '分享', 'Sharing', 'staff', '["Product Shared", "Content Shared"]', false, true),
    ('questionnaire', '问卷', 'Questionnaire', 'staff', '["Questionnaire Answered"]', false, false),
    ('bring_back', '自带回收', 'Bring-back', 'staff', '["Packaging Returned"]', false, true),
    ('recycle', '旧物回收', 'Recycling', 'staff', '["Recycled"]', false, true),
    ('social', '社交活动', 'Social activity', 'staff', '["Social Activity Joined"]', false, true),
    ('referral', '推荐', 'Referral', 'system', '[]', false, true)
) AS k (kind, zh, en, told_by, events, daily, social);
"""


def upgrade() -> None:
    """Create everything."""
    for script in (SCHEMA, RULES, KINDS):
        run_sql(op, script)
