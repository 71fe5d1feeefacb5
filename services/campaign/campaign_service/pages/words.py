"""What pages say, in Chinese and English. Pure."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "thanks": "谢谢您", "survey_thanks": "已收到您的回答，谢谢！", "send": "提交",
        "survey_ask": "只需一分钟，无需登录。回答仅用于改进服务，与您的会员号一起保存。",
        "closed": "已结束", "survey_closed": "这份调查已经结束。",
        "answered": "您已经回答过了，谢谢！",
        "vote_thanks": "您的选择已记录，谢谢！", "vote_ask": "请选择一项，每位会员一票。",
        "voted": "您已经投过票了，谢谢！", "vote": "投票", "vote_closed": "投票已经结束。",
        "join": "报名", "confirmed": "报名成功，期待与您见面。",
        "waiting": "名额已满，您在候补名单第 {position} 位；有名额时会通知您。",
        "full": "名额与候补名单都已满。", "too_late": "报名已经截止。",
        "in_app": "请用本商场的小程序或会员应用扫描，以便确认您的会员身份。",
        "when": "时间：{when}", "where": "地点：{where}", "own_words": "“{words}”",
        "left": "还有 {left} 个名额。", "none_left": "名额已满，可以候补。",
        "newcomers": "还不是会员？注册时填写推荐码 {code}。",
    },
    "en": {
        "thanks": "Thank you", "survey_thanks": "We have your answers. Thank you!", "send": "Send",
        "survey_ask": "It takes a minute, without signing in. Your answers serve to make us better;"
        " they are kept with your member number.",
        "closed": "It is over", "survey_closed": "This survey is over.",
        "answered": "You have answered already. Thank you!",
        "vote_thanks": "Your vote is in. Thank you!", "vote_ask": "Choose one; a vote a member.",
        "voted": "You have voted already. Thank you!", "vote": "Vote",
        "vote_closed": "The vote is over.",
        "join": "Sign up", "confirmed": "You are signed up. See you there.",
        "waiting": "All places are taken. You are number {position} of the waiting list, and we"
        " tell you when a place becomes free.",
        "full": "All places are taken, and the waiting list is full.",
        "too_late": "One cannot sign up any more.",
        "in_app": "Scan it with our mini-program or app, so that we know who you are.",
        "when": "When: {when}", "where": "Where: {where}", "own_words": "“{words}”",
        "left": "Places left: {left}.",
        "none_left": "All places are taken; there is a waiting list.",
        "newcomers": "No member yet? Join with the code {code}.",
    },
}  # fmt: skip
