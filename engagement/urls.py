from django.urls import path

from engagement.views import act, agenda, calendar, closing, meetings, replies, touches

app_name = "engagement"
urlpatterns = [
    path("app/touch/", touches.touch_create, name="touch_create"),
    path("app/partners/<slug:slug>/touch/", touches.touch_create, name="touch_create"),
    path("app/touches/<uuid:uid>/retract/", touches.touch_retract, name="touch_retract"),
    path("app/touches/<uuid:uid>/restore/", touches.touch_restore, name="touch_restore"),
    path("app/meetings/", meetings.meeting_list, name="meeting_list"),
    path("app/meetings/new/", meetings.meeting_create, name="meeting_create"),
    path("app/partners/<slug:slug>/meetings/", meetings.partner_panel, name="partner_panel"),
    path("app/partners/<slug:slug>/meetings/new/", meetings.meeting_create, name="meeting_create"),
    path("app/meetings/<uuid:uid>/", meetings.meeting_detail, name="meeting_detail"),
    path("app/meetings/<uuid:uid>/meeting.ics", meetings.meeting_ics, name="meeting_ics"),
    path("app/meetings/<uuid:uid>/move/", meetings.meeting_move, name="meeting_move"),
    path("app/meetings/<uuid:uid>/cancel/", meetings.meeting_cancel, name="meeting_cancel"),
    path("app/meetings/<uuid:uid>/people/", meetings.meeting_people, name="meeting_people"),
    path("app/meetings/<uuid:uid>/hold/", closing.meeting_hold, name="meeting_hold"),
    path("app/meetings/<uuid:uid>/missed/", closing.meeting_missed, name="meeting_missed"),
    path("app/meetings/<uuid:uid>/summary/", closing.summary_send, name="summary_send"),
    path("app/meetings/<uuid:uid>/agenda/", agenda.agenda_add, name="agenda_add"),
    path("app/meetings/<uuid:uid>/agenda/fill/", agenda.agenda_fill, name="agenda_fill"),
    path("app/meetings/<uuid:uid>/notes/", agenda.notes_save, name="notes_save"),
    path("app/meetings/<uuid:uid>/commitments/", agenda.commitment_add, name="commitment_add"),
    path("app/agenda/<uuid:uid>/notes/", agenda.item_notes_save, name="item_notes_save"),
    path("app/agenda/<uuid:uid>/move/", agenda.agenda_move, name="agenda_move"),
    path("app/agenda/<uuid:uid>/remove/", agenda.agenda_remove, name="agenda_remove"),
    path("app/commitments/<uuid:uid>/done/", agenda.commitment_done, name="commitment_done"),
    path("app/commitments/<uuid:uid>/remove/", agenda.commitment_remove, name="commitment_remove"),
    path("app/replies/<uuid:uid>/accept/", replies.reply_accept, name="reply_accept"),
    path("app/replies/<uuid:uid>/decline/", replies.reply_decline, name="reply_decline"),
    path("app/replies/<uuid:uid>/answer/", replies.reply_answer, name="reply_answer"),
    path("app/settings/calendar/", calendar.calendar_settings, name="calendar_settings"),
    path("app/settings/calendar/revoke/", calendar.calendar_revoke, name="calendar_revoke"),
    path("act/<str:secret>/", act.act, name="act"),
    path("cal/<str:secret>.ics", calendar.calendar_feed, name="calendar_feed"),
]
