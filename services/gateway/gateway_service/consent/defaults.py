"""The notices a programme begins with; its own texts are published over them."""

from contracts.gateway.consents import NoticeRequest, NoticeText, Purpose


def _notice(purpose: Purpose, zh: tuple[str, str], en: tuple[str, str]) -> NoticeRequest:
    return NoticeRequest(
        purpose=purpose,
        zh=NoticeText(title=zh[0], text=zh[1]),
        en=NoticeText(title=en[0], text=en[1]),
    )


DEFAULTS = [
    _notice(
        "membership",
        ("会员服务",
         "为了给您建立会员账户、累积和使用积分、提供等级权益和售后服务，我们处理您的手机"
         "号或会员卡号、"
         "消费记录，以及您自愿填写的姓名和生日。注销账户时，除法律要求保存的账目外，上述"
         "信息将被删除。"),
        ("Membership",
         "To keep your account, earn and spend points, give benefits and after-sales"
         " service we process your phone or card number, your purchases, and the name and"
         " birthday"
         " you choose to tell. When you close the account they are deleted, except for books that"
         " the law makes us keep."),
    ),
    _notice(
        "personalised_recommendation",
        ("个性化推荐",
         "为了向您推荐可能感兴趣的商品和优惠，我们分析您的消费、浏览和到店记录并形成标签"
         "。"
         "不同意或撤回不影响会员的其他服务，您看到的将是不针对个人的内容；同等级会员的价"
         "格始终相同。"),
        ("Personal recommendations",
         "To suggest goods and offers you may like we analyse what you"
         " buy, look at and visit, and draw tags from it. Saying no, or withdrawing, cost"
         "s no other"
         " service: you then see what everybody sees. Prices are the same for every member of a"
         " tier."),
    ),
    _notice(
        "marketing",
        ("营销信息",
         "我们通过您勾选的渠道（短信、微信、小程序、推送、邮件或电话）发送优惠和活动信息"
         "，"
         "每天最多一条，夜间不发送。每个渠道单独征得同意，可随时撤回，撤回立即生效。"),
        ("Marketing messages", "Through the channel you tick (SMS, WeChat, mini-program, push,"
         " e-mail or call) we send offers and invitations, one a day at most and none at night."
         " Each channel is asked for by itself and can be withdrawn at any time, at once."),
    ),
    _notice(
        "sensitive",
        ("健康与饮食信息（敏感个人信息）",
         "为了避免推荐您不能食用的商品，我们可以记录您告知的过敏、饮食禁忌、健康状况。"
         "这类信息一旦泄露可能影响您的人身安全和尊严，因此单独征得同意，单独加密，且不用"
         "于营销。"),
        ("Health and diet (sensitive)",
         "So that we do not suggest what you cannot eat we may note"
         " the allergies, diets and health conditions you tell us. As a leak could harm y"
         "ou, we ask"
         " for this apart, encrypt it apart, and never use it for marketing."),
    ),
    _notice(
        "third_party_sharing",
        ("向合作商户提供信息",
         "为了让您在合作商户累积和使用积分，我们可以向您选择的合作商户提供会员编号和等级"
         "。"
         "不提供手机号和消费明细。合作商户名单见会员页面。"),
        ("Sharing with partners",
         "So that you can earn and spend points with partners you choose,"
         " we may tell them your member number and tier. They get neither your phone number nor"
         " what you bought. The list of partners is on the member pages."),
    ),
    _notice(
        "guardian",
        ("未成年人监护人同意",
         "不满十四周岁的会员，由监护人阅读本告知并同意后，我们才处理其个人信息；"
         "不对其进行个性化推荐和营销，除非监护人另行同意。监护人可随时查阅、更正、删除。"),
        ("A guardian's consent", "For members under fourteen we process personal information only"
         " after a guardian has read this and agreed; without the guardian's further cons"
         "ent there"
         " are no recommendations and no marketing. The guardian may see, correct and del"
         "ete it at"
         " any time."),
    ),
]  # fmt: skip
